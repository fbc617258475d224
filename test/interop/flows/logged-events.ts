/** The texts that a logger sink wrote, from the log of a Flume agent (log4j's lines) or of a Sluice agent (JSON lines). */
export function loggedEvents(output: string): string[] {
  const ofFlume = [...output.matchAll(/LoggerSink\.java:\d+\)\] (Event: [\s\S]*?\})\n(?=\d{4}-|$)/g)].map(
    (match) => match[1] ?? '',
  )
  const ofSluice = output
    .split('\n')
    .filter((line) => line.startsWith('{') && line.includes('"message":"Event: '))
    .map((line) => (JSON.parse(line) as { message: string }).message)
  return [...ofFlume, ...ofSluice]
}
