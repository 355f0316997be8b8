/** The order of keys: by their UTF-8 bytes, which is the order of code points and not that of `<` on strings. */

/** Negative when `a` comes first, positive when `b` does, 0 for the same key. */
export function compareKeys(a: string, b: string): number {
  if (a === b) return 0
  let at = 0
  while (at < a.length && at < b.length && a.charCodeAt(at) === b.charCodeAt(at)) at += 1
  return rank(a, at) - rank(b, at)
}

/** Surrogates stand for code points above all others; the end of a key comes before everything. */
function rank(key: string, at: number): number {
  if (at >= key.length) return -1
  const unit = key.charCodeAt(at)
  return unit >= 0xd800 && unit <= 0xdfff ? unit + 0x10000 : unit
}
