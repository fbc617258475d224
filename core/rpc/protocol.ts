/** Flume's Avro protocol (flume.md §3.1.1): one document, known under several hashes, always equal on the wire. */

/** What the receiver made of a call; the index is Avro's enum index. */
export const statuses = ['OK', 'FAILED', 'UNKNOWN'] as const
export type Status = (typeof statuses)[number]

/** The messages of the protocol. */
export const methods = ['append', 'appendBatch'] as const
export type Method = (typeof methods)[number]

/** The document without Flume's licence text: sent to a peer that does not know the hash. */
export const protocolText =
  '{"protocol":"AvroSourceProtocol","namespace":"org.apache.flume.source.avro","types":[' +
  '{"type":"enum","name":"Status","symbols":["OK","FAILED","UNKNOWN"]},' +
  '{"type":"record","name":"AvroFlumeEvent","fields":[' +
  '{"name":"headers","type":{"type":"map","values":"string"}},{"name":"body","type":"bytes"}]}],' +
  '"messages":{"append":{"request":[{"name":"event","type":"AvroFlumeEvent"}],"response":"Status"},' +
  '"appendBatch":{"request":[{"name":"events","type":{"type":"array","items":"AvroFlumeEvent"}}],"response":"Status"}}}'

/** MD5 of `protocolText`. */
export const ownHash = Buffer.from('30da54059df72d9584b867d5202e2069', 'hex')

/** MD5 of Flume's own document, versions 1.9 to 1.11: what a sender names first. */
export const flumeHash = Buffer.from('86aadae2c45474c0fe93ffd0f2350a65', 'hex')

const knownHashes = new Set([
  flumeHash.toString('latin1'),
  ownHash.toString('latin1'),
  // Flume's document as the Avro 1.12 compiler writes it (flume-rpc 2).
  Buffer.from('8076c53714e01f6e2c1deb9544e7b1fe', 'hex').toString('latin1'),
])

/** True when a peer that names `hash` means this protocol, with the same bytes on the wire. */
export function isKnownHash(hash: Buffer): boolean {
  return knownHashes.has(hash.toString('latin1'))
}

/**
 * The key by which two Sluice agents know each other, in the meta map of both handshakes. The value is the version of
 * what they have agreed on; Flume ignores the map.
 */
export const sluiceMetaKey = 'sluice'
export const sluiceMetaVersion = Buffer.from('1')

/** The key of the batch identity in the metadata of a call. */
export const batchMetaKey = 'sluice.batch'
