/**
 * For whom our authorities may speak: local names and private addresses, and nothing else in the world.
 *
 * People install the organisation's authority on their phones. With these constraints (RFC 5280 §4.2.1.10, critical)
 * a captured kit cannot play the bank to such a phone. The kit's own authority carries them as well, since some
 * programs do not look at what stands in a root.
 */
import { BlockList, isIP } from 'node:net'
import { bytesFromText, concatBytes } from '#base/bytes.ts'

/** A range of addresses: as text, as bytes, and how many bits count. */
interface AddressRange {
  readonly first: string
  readonly bytes: readonly number[]
  readonly bits: number
}

/** Object identifier of the extension. */
export const NAME_CONSTRAINTS = '2.5.29.30'

/** Names below which every organisation may speak: RFC 6762, RFC 8375, .internal (ICANN 2024), RFC 6761. */
export const LOCAL_NAMES = [
  'local',
  'holdfast.local',
  'home.arpa',
  'internal',
  'localhost',
] as const

const zeros = (count: number): readonly number[] => Array.from({ length: count }, () => 0)

/** RFC 1918, RFC 3927, RFC 1122, RFC 6598, RFC 4193, RFC 4291. */
const RANGES: readonly AddressRange[] = [
  { first: '10.0.0.0', bytes: [10, 0, 0, 0], bits: 8 },
  { first: '172.16.0.0', bytes: [172, 16, 0, 0], bits: 12 },
  { first: '192.168.0.0', bytes: [192, 168, 0, 0], bits: 16 },
  { first: '169.254.0.0', bytes: [169, 254, 0, 0], bits: 16 },
  { first: '127.0.0.0', bytes: [127, 0, 0, 0], bits: 8 },
  { first: '100.64.0.0', bytes: [100, 64, 0, 0], bits: 10 },
  { first: 'fc00::', bytes: [0xfc, ...zeros(15)], bits: 7 },
  { first: 'fe80::', bytes: [0xfe, 0x80, ...zeros(14)], bits: 10 },
  { first: '::1', bytes: [...zeros(15), 1], bits: 128 },
]

const PERMITTED = permittedAddresses()
const PERMITTED_SUBTREES = 0xa0
const SEQUENCE = 0x30
const DNS_NAME = 0x82
const IP_ADDRESS = 0x87

/** DER of the extension's value: `names` and what is below them, and the private addresses. */
export function nameConstraints(names: readonly string[]): Uint8Array {
  const subtrees = [
    ...names.map((name) => tagged(DNS_NAME, bytesFromText(name))),
    ...RANGES.map(({ bytes, bits }) =>
      tagged(IP_ADDRESS, Uint8Array.from([...bytes, ...mask(bytes.length, bits)])),
    ),
  ].map((base) => tagged(SEQUENCE, base))
  return tagged(SEQUENCE, tagged(PERMITTED_SUBTREES, ...subtrees))
}

/** Whether a certificate for this name or address would be believed below `names`. */
export function isPermitted(host: string, names: readonly string[]): boolean {
  const version = isIP(host)
  if (version !== 0) return PERMITTED.check(host, version === 4 ? 'ipv4' : 'ipv6')
  const name = host.toLowerCase()
  return names.some((each) => name === each || name.endsWith(`.${each}`))
}

function permittedAddresses(): BlockList {
  const list = new BlockList()
  for (const { first, bytes, bits } of RANGES)
    list.addSubnet(first, bits, bytes.length === 4 ? 'ipv4' : 'ipv6')
  return list
}

function mask(length: number, bits: number): readonly number[] {
  return Array.from(
    { length },
    (_, at) => 0xff & ~(0xff >> Math.min(8, Math.max(0, bits - 8 * at))),
  )
}

function tagged(tag: number, ...parts: readonly Uint8Array[]): Uint8Array {
  const content = concatBytes(...parts)
  const { length } = content
  const head =
    length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, length >> 8, length & 255]
  return concatBytes(Uint8Array.of(tag, ...head), content)
}
