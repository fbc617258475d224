import type { ChannelStatus } from '../../stores/status.ts'

type Ledger = NonNullable<ChannelStatus['ledger']>

export interface LedgerBalance {
  readonly entries: readonly { readonly name: string; readonly events: number }[]
  readonly sum: number
  /** Received and in no entry; below 0: more is in the entries than was received. */
  readonly missing: number
}

/** `received = delivered + queued + dropped + quarantined + lost`, entry by entry; dropped ones by their reason. */
export function ledgerBalance(ledger: Ledger): LedgerBalance {
  const dropped = Object.entries(ledger.dropped).filter(([, events]) => events > 0)
  const entries = [
    { name: 'Delivered', events: ledger.delivered },
    { name: 'Waiting', events: ledger.queued },
    ...(dropped.length === 0 ? [{ name: 'Dropped', events: 0 }] : []),
    ...dropped.map(([reason, events]) => ({ name: `Dropped: ${reason}`, events })),
    { name: 'Quarantined', events: ledger.quarantined },
    ...(ledger.lost > 0 ? [{ name: 'Lost by the disk', events: ledger.lost }] : []),
  ]
  const sum = entries.reduce((total, { events }) => total + events, 0)
  return { entries, sum, missing: ledger.received - sum }
}
