/** How a backlog can be written to a file. */
export const exportFormats = ['ndjson', 'avro'] as const
export type ExportFormat = (typeof exportFormats)[number]
