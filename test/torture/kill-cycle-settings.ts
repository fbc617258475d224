/** Of a channel whose life is short: segments are full after a few puts, and every file that there can be is there. */
export const cycleSettings = { segmentSize: 8 << 10, hotTail: 4 << 10, reserve: 64 << 10 } as const
