/**
 * The circumstances of a request that nobody can invent: where it comes from, whether it came by TLS, and whether the device
 * showed a certificate of the organisation. Behind a proxy all is as between the proxy and this node.
 */
import type { IncomingMessage } from 'node:http'
import { BlockList } from 'node:net'
import type { Attributes } from '#model/policy.ts'

/** `link`, `transport` and `device`, as rules ask for them. */
export function circumstancesOf({ socket }: Pick<IncomingMessage, 'socket'>): Attributes {
  const isEncrypted = 'encrypted' in socket && socket.encrypted === true
  const isCertified = 'authorized' in socket && socket.authorized === true
  return {
    link: linkOf(socket.remoteAddress),
    transport: isEncrypted ? 'https' : 'http',
    device: isCertified ? 'certified' : 'unknown',
  }
}

const MACHINE = listOf([
  ['127.0.0.0', 8, 'ipv4'],
  ['::ffff:127.0.0.0', 104, 'ipv6'],
  ['::1', 128, 'ipv6'],
])
/** RFC 1918, RFC 3927, RFC 4193, RFC 4291. */
const NEAR = listOf([
  ['10.0.0.0', 8, 'ipv4'],
  ['172.16.0.0', 12, 'ipv4'],
  ['192.168.0.0', 16, 'ipv4'],
  ['169.254.0.0', 16, 'ipv4'],
  ['::ffff:10.0.0.0', 104, 'ipv6'],
  ['::ffff:172.16.0.0', 108, 'ipv6'],
  ['::ffff:192.168.0.0', 112, 'ipv6'],
  ['::ffff:169.254.0.0', 112, 'ipv6'],
  ['fc00::', 7, 'ipv6'],
  ['fe80::', 10, 'ipv6'],
])

function linkOf(address: string | undefined): 'machine' | 'lan' | 'remote' {
  if (address === undefined) return 'remote'
  const plain = address.replace(/%.*$/, '')
  const family = plain.includes(':') ? 'ipv6' : 'ipv4'
  if (MACHINE.check(plain, family)) return 'machine'
  return NEAR.check(plain, family) ? 'lan' : 'remote'
}

function listOf(subnets: readonly (readonly [string, number, 'ipv4' | 'ipv6'])[]): BlockList {
  const list = new BlockList()
  for (const [address, prefix, family] of subnets) list.addSubnet(address, prefix, family)
  return list
}
