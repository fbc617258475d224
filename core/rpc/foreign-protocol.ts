import avsc from 'avsc'
import { AvroCursor } from '../event/avro-bytes.ts'
import { BatchBuilder } from '../event/batch-builder.ts'
import type { Batch } from '../event/batch.ts'
import { SluiceError, errorText } from '../errors.ts'
import { compileSkip, type SchemaType, type Skip } from './avro-skip.ts'
import { type Method, methods, protocolText } from './protocol.ts'

/** Longest protocol document that is read. Flume's own has 3 kB. */
const longestText = 256 * 1024

interface Field {
  readonly name: string
  readonly skip: Skip
}

interface Resolution {
  /** The client's event has the same bytes as ours. */
  readonly same: boolean
  readonly fields: readonly Field[]
}

/**
 * A client's own protocol document, for clients whose hash is not known: its events may have their fields in another
 * order, or more of them, and are then rewritten as ours (Avro 1.11 specification, "Schema Resolution"). avsc reads the
 * document and says whether the two resolve; the bytes are walked here, because avsc believes every count it reads.
 */
export class ForeignProtocol {
  readonly #resolutions = new Map<Method, Resolution>()

  /** Throws `SLUICE_PEER` with the reason when `text` is no protocol, or its messages do not resolve with Flume's. */
  constructor(text: string) {
    if (text.length > longestText)
      throw new SluiceError('SLUICE_PEER', `client protocol of ${text.length} characters; ${longestText} are allowed`)
    try {
      const own = avsc.Service.forProtocol(JSON.parse(protocolText))
      const theirs = avsc.Service.forProtocol(JSON.parse(text))
      for (const method of methods) {
        const reader = requestType(own, method)
        const writer = requestType(theirs, method)
        if (reader !== undefined && writer !== undefined) this.#resolutions.set(method, resolution(reader, writer))
      }
    } catch (error) {
      throw new SluiceError('SLUICE_PEER', `client protocol cannot be used: ${errorText(error)}`, { cause: error })
    }
  }

  /** False when the client's document lacks the message. */
  has(method: Method): boolean {
    return this.#resolutions.has(method)
  }

  /** True when the method's parameters have the same bytes as ours, so that nothing needs to be rewritten. */
  sameBytes(method: Method): boolean {
    return this.#resolutions.get(method)?.same ?? false
  }

  /** The events of a call in our form; `bytes[at …]` are its parameters. Throws `SLUICE_EVENT_FORMAT`. */
  resolve(method: Method, bytes: Buffer, at: number): Batch {
    const fields = this.#resolutions.get(method)?.fields ?? []
    const cursor = new AvroCursor(bytes, at)
    const builder = new BatchBuilder(bytes.length - at + 64)
    if (method === 'append') addEvent(builder, cursor, fields)
    else
      for (;;) {
        let count = cursor.long()
        if (count === 0) break
        if (count < 0) {
          cursor.long()
          count = -count
        }
        for (; count > 0; count--) addEvent(builder, cursor, fields)
      }
    if (cursor.at !== cursor.end)
      throw new SluiceError('SLUICE_EVENT_FORMAT', `${cursor.end - cursor.at} bytes follow the parameters`)
    return builder.finish()
  }
}

const noBytes = Buffer.alloc(0)

/** Copies the header map and the body as they are, in our order. */
function addEvent(builder: BatchBuilder, cursor: AvroCursor, fields: readonly Field[]): void {
  let headers: Buffer = noBytes
  let body: Buffer = noBytes
  for (const { name, skip } of fields) {
    const start = cursor.at
    skip(cursor, 0)
    if (name === 'headers') headers = cursor.bytes.subarray(start, cursor.at)
    else if (name === 'body') body = cursor.bytes.subarray(start, cursor.at)
  }
  const event = Buffer.concat([headers, body])
  builder.addEncoded(event, 0, event.length)
}

/** The record of a message's parameters, which avsc has and its type declarations do not. */
interface RequestType extends SchemaType {
  createResolver(writer: RequestType): unknown
  schema(): unknown
}

function requestType(service: avsc.Service, method: Method): RequestType | undefined {
  const message = service.message(method) as { requestType: RequestType } | undefined
  return message?.requestType
}

function resolution(reader: RequestType, writer: RequestType): Resolution {
  reader.createResolver(writer)
  const parameter = writer.fields[0]?.type
  const event = parameter?.typeName === 'array' ? parameter.itemsType : parameter
  if (writer.fields.length !== 1 || event?.typeName !== 'record')
    throw new SluiceError('SLUICE_PEER', 'its messages must have one parameter made of event records')
  const fields = event.fields.map(({ name, type }) => {
    const wanted = name === 'headers' ? 'map' : name === 'body' ? 'bytes' : undefined
    if (wanted !== undefined && type.typeName !== wanted && !(name === 'body' && type.typeName === 'string'))
      throw new SluiceError('SLUICE_PEER', `field ${name} of an event must be of type ${wanted}`)
    return { name, skip: compileSkip(type) }
  })
  return { same: JSON.stringify(reader.schema()) === JSON.stringify(writer.schema()), fields }
}
