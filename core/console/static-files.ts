import { createHash } from 'node:crypto'
import { readdir, readFile, stat } from 'node:fs/promises'
import { extname, join, relative, sep } from 'node:path'
import { promisify } from 'node:util'
import { brotliCompress, constants, gzip } from 'node:zlib'
import { systemCode } from '../errors.ts'

const types: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.ico': 'image/x-icon',
  '.js': 'text/javascript; charset=utf-8',
  '.json': 'application/json',
  '.map': 'application/json',
  '.png': 'image/png',
  '.svg': 'image/svg+xml',
  '.txt': 'text/plain; charset=utf-8',
  '.webmanifest': 'application/manifest+json',
  '.woff2': 'font/woff2',
}
const packed = new Set(['.ico', '.png', '.woff2'])
/** As the bundler names what never changes: `index-BqJz1k2_.js`. */
const hashed = /^\/assets\/.*-[\w-]{8}\.\w+$/

/** What the name of a file that the build has compressed ends with, behind the name of the file. */
const builtForm = '.br'

const encodings = ['br', 'gzip'] as const
export type Encoding = (typeof encodings)[number]

const brotli = promisify(brotliCompress)
const compress: Readonly<Record<Encoding, (bytes: Buffer) => Promise<Buffer>>> = {
  // The highest level takes ten times as long for the last two per cent, on threads that the channels need.
  br: (bytes) => brotli(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 9 } }),
  gzip: promisify(gzip),
}

export interface Form {
  readonly bytes: Buffer
  readonly encoding: Encoding | undefined
  readonly etag: string
}

/** One file of the built renderer; its bytes and their compressed forms are read or made once, when first asked for. */
export class StaticFile {
  readonly type: string
  /** Its name changes with its content. */
  readonly immutable: boolean
  readonly #path: string
  readonly #compressible: boolean
  readonly #forms = new Map<Encoding | 'plain', Promise<Form>>()

  constructor(path: string, address: string) {
    this.#path = path
    const extension = extname(path).toLowerCase()
    this.type = types[extension] ?? 'application/octet-stream'
    this.immutable = hashed.test(address)
    this.#compressible = !packed.has(extension)
  }

  /** The best form for an `accept-encoding` header. */
  form(accepted: string): Promise<Form> {
    return this.#made(this.#compressible ? encodings.find((one) => accepts(accepted, one)) : undefined)
  }

  #made(encoding: Encoding | undefined): Promise<Form> {
    const key = encoding ?? 'plain'
    let making = this.#forms.get(key)
    if (making === undefined) {
      making = this.#make(encoding)
      this.#forms.set(key, making)
      // What could not be read may be there the next time.
      making.catch(() => this.#forms.delete(key))
    }
    return making
  }

  async #make(encoding: Encoding | undefined): Promise<Form> {
    const bytes = encoding ? await this.#compressed(encoding) : await readFile(this.#path)
    return { bytes, encoding, etag: `"${createHash('sha256').update(bytes).digest('base64url')}"` }
  }

  /** As the build has made it; of what it did not, made now. */
  async #compressed(encoding: Encoding): Promise<Buffer> {
    if (encoding === 'br')
      try {
        return await readFile(this.#path + builtForm)
      } catch (error) {
        if (systemCode(error) !== 'ENOENT') throw error
      }
    return await compress[encoding]((await this.#made(undefined)).bytes)
  }
}

/**
 * The files of a folder by the address that each has: what a request names is looked up in this list and never made
 * into a path, so nothing outside can be named. A new build is seen by its index.html.
 */
export class StaticFiles {
  readonly folder: string
  #files: ReadonlyMap<string, StaticFile> = new Map()
  #build = ''

  constructor(folder: string) {
    this.folder = folder
  }

  /** Undefined where nothing is built. */
  async index(): Promise<StaticFile | undefined> {
    await this.#refresh()
    return this.#files.get('/index.html')
  }

  /** `address` is decoded and begins with a slash. */
  async find(address: string): Promise<StaticFile | undefined> {
    if (!this.#files.has(address)) await this.#refresh()
    return this.#files.get(address)
  }

  async #refresh(): Promise<void> {
    let build: string
    try {
      const { mtimeMs, size, ino } = await stat(join(this.folder, 'index.html'))
      build = `${mtimeMs} ${size} ${ino}`
    } catch (error) {
      if (systemCode(error) !== 'ENOENT' && systemCode(error) !== 'ENOTDIR') throw error
      this.#files = new Map()
      this.#build = ''
      return
    }
    if (build === this.#build) return
    const found = await readdir(this.folder, { recursive: true, withFileTypes: true })
    // A link is no file here: it could lead out.
    const files = found.filter((one) => one.isFile() && !one.name.endsWith(builtForm))
    const paths = files.map(({ parentPath, name }) => join(parentPath, name))
    this.#files = new Map(
      paths.map((path) => {
        const address = `/${relative(this.folder, path).split(sep).join('/')}`
        return [address, new StaticFile(path, address)]
      }),
    )
    this.#build = build
  }
}

function accepts(header: string, encoding: Encoding): boolean {
  return header.split(',').some((item) => {
    const [name = '', ...parameters] = item.split(';').map((part) => part.trim().toLowerCase())
    return name === encoding && !parameters.some((parameter) => /^q=0(?:\.0*)?$/.test(parameter))
  })
}
