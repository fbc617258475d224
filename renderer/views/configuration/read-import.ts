/** A configuration of a thousand parts has a tenth of this. */
const mostBytes = 1024 * 1024

/** The text of a file that the user chose, or in a sentence why it is not taken. */
export async function readImport(file: File): Promise<{ readonly text: string } | { readonly problem: string }> {
  if (file.size > mostBytes)
    return {
      problem: `${file.name} has ${file.size.toLocaleString('en')} bytes, and a configuration at most ${mostBytes.toLocaleString('en')}: that is another file`,
    }
  let bytes: ArrayBuffer
  try {
    bytes = await file.arrayBuffer()
  } catch (error) {
    return { problem: `${file.name} cannot be read: ${error instanceof Error ? error.message : String(error)}` }
  }
  const text = decoded(bytes)
  if (text === undefined) return { problem: `${file.name} is no text in UTF-8: that is no configuration` }
  if (text.trim() === '') return { problem: `${file.name} is empty` }
  return { text }
}

function decoded(bytes: ArrayBuffer): string | undefined {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes)
    return text.includes('\0') ? undefined : text
  } catch {
    return undefined
  }
}
