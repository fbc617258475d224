/**
 * The certificates in a PKCS #12 store (RFC 7292): what Java's trust stores are since Java 9. Node reads such a store only
 * when it has a private key.
 */
import { createDecipheriv, createHmac, pbkdf2Sync, timingSafeEqual } from 'node:crypto'
import { SluiceError } from '../errors.ts'
import { derContent, derCount, derOid, derSequence, derTags, type DerValue, derValues } from './der.ts'
import { keyPurposes, pkcs12Key } from './pkcs12-key.ts'

/** More than anybody has: a store must not keep the agent busy for minutes. */
const mostIterations = 1_000_000

const contents = { data: '1.2.840.113549.1.7.1', encrypted: '1.2.840.113549.1.7.6' }
const certificateBag = '1.2.840.113549.1.12.10.1.3'
const x509 = '1.2.840.113549.1.9.22.1'
const passwordBased = '1.2.840.113549.1.5.13'
const tripleDes = '1.2.840.113549.1.12.1.3'

const digests: Readonly<Record<string, string>> = {
  '1.3.14.3.2.26': 'sha1',
  '2.16.840.1.101.3.4.2.1': 'sha256',
  '2.16.840.1.101.3.4.2.2': 'sha384',
  '2.16.840.1.101.3.4.2.3': 'sha512',
}
const macs: Readonly<Record<string, string>> = {
  '1.2.840.113549.2.7': 'sha1',
  '1.2.840.113549.2.9': 'sha256',
  '1.2.840.113549.2.10': 'sha384',
  '1.2.840.113549.2.11': 'sha512',
}
const ciphers: Readonly<Record<string, readonly [name: string, keyLength: number]>> = {
  '2.16.840.1.101.3.4.1.2': ['aes-128-cbc', 16],
  '2.16.840.1.101.3.4.1.22': ['aes-192-cbc', 24],
  '2.16.840.1.101.3.4.1.42': ['aes-256-cbc', 32],
}

const unknown = (what: string, oid: string) => new SluiceError('SLUICE_TLS', `its ${what} (${oid}) is not known here`)
const wrongPassword = () => new SluiceError('SLUICE_TLS', 'the password does not open it')

/** The certificates of the store in PEM, in their order; throws `SLUICE_TLS`, which never has the password in it. */
export function pkcs12Certificates(bytes: Buffer, password: string): string[] {
  const [, authenticated, mac] = derSequence(derValues(bytes)[0])
  const [type, wrapped] = derSequence(authenticated)
  if (derOid(type) !== contents.data) throw unknown('way of signing', derOid(type))
  const safes = derContent(derValues(derContent(wrapped, derTags.context0))[0], derTags.octets)
  if (mac !== undefined) checkMac(mac, safes, password)
  const found: string[] = []
  for (const safe of derSequence(derValues(safes)[0])) {
    const [kind, content] = derSequence(safe)
    const inside = derValues(derContent(content, derTags.context0))[0]
    if (derOid(kind) === contents.data) collect(derContent(inside, derTags.octets), found)
    else if (derOid(kind) === contents.encrypted) collect(decrypted(inside, password), found)
  }
  return found
}

function checkMac(mac: DerValue, safes: Buffer, password: string): void {
  const [info, salt, rounds] = derSequence(mac)
  const [algorithm, expected] = derSequence(info)
  const oid = derOid(derSequence(algorithm)[0])
  const hash = digests[oid]
  if (hash === undefined) throw unknown('checksum', oid)
  const length = { sha1: 20, sha256: 32, sha384: 48, sha512: 64 }[hash] ?? 0
  const iterations = rounds === undefined ? 1 : bounded(derCount(rounds))
  const key = pkcs12Key(hash, password, derContent(salt, derTags.octets), iterations, keyPurposes.mac, length)
  const made = createHmac(hash, key).update(safes).digest()
  const wanted = derContent(expected, derTags.octets)
  if (made.length !== wanted.length || !timingSafeEqual(made, wanted)) throw wrongPassword()
}

/** EncryptedData (RFC 5652, section 8). */
function decrypted(value: DerValue | undefined, password: string): Buffer {
  const [, content] = derSequence(value)
  const [, algorithm, sealed] = derSequence(content)
  const [type, parameters] = derSequence(algorithm)
  const bytes = derContent(sealed, derTags.context0Octets)
  const [cipher, key, vector] = keyOf(derOid(type), parameters, password)
  const decipher = createDecipheriv(cipher, key, vector)
  try {
    return Buffer.concat([decipher.update(bytes), decipher.final()])
  } catch {
    throw wrongPassword()
  }
}

function keyOf(type: string, parameters: DerValue | undefined, password: string): [string, Buffer, Buffer] {
  if (type === tripleDes) {
    const [salt, rounds] = derSequence(parameters)
    const make = (purpose: number, length: number) =>
      pkcs12Key('sha1', password, derContent(salt, derTags.octets), bounded(derCount(rounds)), purpose, length)
    return ['des-ede3-cbc', make(keyPurposes.encryption, 24), make(keyPurposes.vector, 8)]
  }
  if (type !== passwordBased) throw unknown('encryption', type)
  // PBES2 with PBKDF2 (RFC 8018, appendix A).
  const [derivation, encryption] = derSequence(parameters)
  const [salt, rounds, ...more] = derSequence(derSequence(derivation)[1])
  const named = more.find(({ tag }) => tag === derTags.sequence)
  const mac = named === undefined ? '1.2.840.113549.2.7' : derOid(derSequence(named)[0])
  const hash = macs[mac]
  if (hash === undefined) throw unknown('way to make a key', mac)
  const [algorithm, vector] = derSequence(encryption)
  const cipher = ciphers[derOid(algorithm)]
  if (cipher === undefined) throw unknown('encryption', derOid(algorithm))
  const [name, length] = cipher
  const key = pbkdf2Sync(password, derContent(salt, derTags.octets), bounded(derCount(rounds)), length, hash)
  return [name, key, derContent(vector, derTags.octets)]
}

/** SafeContents: bags, of which those with a certificate count. */
function collect(bytes: Buffer, found: string[]): void {
  for (const bag of derSequence(derValues(bytes)[0])) {
    const [type, value] = derSequence(bag)
    if (derOid(type) !== certificateBag) continue
    const [kind, certificate] = derSequence(derValues(derContent(value, derTags.context0))[0])
    if (derOid(kind) !== x509) continue
    const der = derContent(derValues(derContent(certificate, derTags.context0))[0], derTags.octets)
    const lines = der.toString('base64').replace(/.{64}/g, '$&\n').trimEnd()
    found.push(`-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`)
  }
}

function bounded(iterations: number): number {
  if (iterations < 1 || iterations > mostIterations)
    throw new SluiceError('SLUICE_TLS', `its password is hashed ${iterations} times, and ${mostIterations} is the most`)
  return iterations
}
