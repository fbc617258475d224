import path from 'node:path'

/** Where a file channel keeps its events: the first of `dataDirs`, or below the agent's folder. */
export function channelFolder(
  dataDirs: string | undefined,
  context: { readonly name: string; readonly dataDirectory: string; readonly baseDirectory: string },
): string {
  const named = dataDirs?.split(',')[0]?.trim()
  return named === undefined || named === ''
    ? path.join(context.dataDirectory, 'channels', context.name)
    : path.resolve(context.baseDirectory, named)
}
