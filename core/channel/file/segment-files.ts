import fs from 'node:fs'
import path from 'node:path'

/** Names and folders of a channel: `segment-0000000001` … beside `index.db`, `quarantine` and `reserve`. */
const segmentPattern = /^segment-(\d{10})$/

export function segmentPath(folder: string, id: number): string {
  return path.join(folder, `segment-${String(id).padStart(10, '0')}`)
}

export function quarantinePath(folder: string): string {
  return path.join(folder, 'quarantine')
}

export function indexPath(folder: string): string {
  return path.join(folder, 'index.db')
}

export function reservePath(folder: string): string {
  return path.join(folder, 'reserve')
}

/** Ids of the segment files in `folder`, oldest first. */
export function listSegments(folder: string): number[] {
  return fs
    .readdirSync(folder)
    .map((name) => segmentPattern.exec(name)?.[1])
    .filter((digits) => digits !== undefined)
    .map(Number)
    .sort((one, other) => one - other)
}

/** Makes the creation, the renaming or the removal of files in `folder` durable. */
export function syncFolder(folder: string): void {
  const descriptor = fs.openSync(folder, 'r')
  try {
    fs.fsyncSync(descriptor)
  } finally {
    fs.closeSync(descriptor)
  }
}

/** Reads `length` bytes at `at` into `into`, through short reads; returns how many there were before the file's end. */
export function readFully(descriptor: number, into: Uint8Array, length: number, at: number): number {
  let done = 0
  while (done < length) {
    const read = fs.readSync(descriptor, into, done, length - done, at + done)
    if (read === 0) break
    done += read
  }
  return done
}
