/** Network addresses as keys of a limit. */

/**
 * What one machine or site can be told by: the whole IPv4 address, the first 64 bits of an IPv6 address (within
 * those a single machine may take any address it likes, RFC 8981).
 */
export function addressKey(address: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1]
  if (mapped !== undefined) return mapped
  if (!address.includes(':')) return address
  const [front = '', back] = (address.split('%')[0] ?? '').split('::')
  const first = groupsOf(front)
  const last = back === undefined ? [] : groupsOf(back)
  const zeros = back === undefined ? 0 : Math.max(0, 8 - first.length - last.length)
  const all = [...first, ...Array.from({ length: zeros }, () => '0'), ...last]
  return `${all.slice(0, 4).join(':')}::/64`
}

function groupsOf(text: string): readonly string[] {
  return text === '' ? [] : text.toLowerCase().split(':')
}
