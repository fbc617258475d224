/** Events a second as a user types them; nothing typed is no limit. */
export function parseRate(text: string): { readonly rate?: number; readonly error: string } {
  const plain = text.replaceAll(/[\s,_]/g, '')
  if (plain === '') return { error: '' }
  const rate = Number(plain)
  if (!Number.isFinite(rate) || rate <= 0)
    return { error: `"${text}" is not a rate: give a number above 0, such as 5000` }
  if (rate > 1e9) return { error: 'a rate is at most 1,000,000,000 events a second' }
  return { rate, error: '' }
}
