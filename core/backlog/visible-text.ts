/** Characters that a terminal or a page would obey instead of showing: control characters and those that turn text around. */
const hidden = /[\u0000-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g

/** ASCII's own names for its control characters. */
const names =
  'NUL SOH STX ETX EOT ENQ ACK BEL BS TAB LF VT FF CR SO SI DLE DC1 DC2 DC3 DC4 NAK SYN ETB CAN EM SUB ESC FS GS RS US'.split(
    ' ',
  )

/** The text with every hidden character by its name: ‹ESC›, ‹U+202E›. */
export function visibleText(text: string): string {
  return text.replace(hidden, (one) => {
    const code = one.charCodeAt(0)
    return `‹${names[code] ?? (code === 0x7f ? 'DEL' : `U+${code.toString(16).toUpperCase().padStart(4, '0')}`)}›`
  })
}

/** As {@link visibleText}, but with its lines and tabs as they are meant. */
export function visibleLines(text: string): string {
  return text.replace(/\r\n/g, '\n').replace(/[^\n\t]+/g, visibleText)
}
