/**
 * The networks of this machine for DNS-SD: UDP to 224.0.0.251, port 5353 (RFC 6762 §3). Each interface has a socket of its own, as what
 * is said on one is not for the others. It is said by IPv4: phones and laptops that ask have it wherever they can reach a kit by hand.
 */
import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { BlockList } from 'node:net'
import { networkInterfaces } from 'node:os'
import type { Network, Networks } from '#ports/multicast.ts'

/** Where DNS-SD talks (RFC 6762 §3). */
const MDNS = { address: '224.0.0.251', port: 5_353 } as const
/** Largest packet that is looked at, in bytes (RFC 6762 §17). */
const PACKET_BYTES_MAX = 9_000
/** Packets come from the same network alone (RFC 6762 §11). */
const HOPS = 255

/** The real networks. Tests take another port, so that they meet nobody. */
export function realNetworks({ port }: { readonly port: number } = MDNS): Networks {
  return {
    port,
    present: () => found().map(({ name, address, address6 }) => ({ name, address, address6 })),
    open: async (network, hear) => {
      const isNear = nearTo(network)
      const socket = createSocket({ type: 'udp4', reuseAddr: true })
      socket.on('error', () => undefined) // an interface that is gone is noticed by whoever looks which there are
      socket.on('message', (packet, { address, port: from }) => {
        if (packet.length <= PACKET_BYTES_MAX && isNear(address))
          hear(packet, { address, port: from })
      })
      await bound(socket, network, port)
      return {
        ...network,
        send: (packet, to) => {
          socket.send(packet, to?.port ?? port, to?.address ?? MDNS.address, () => undefined)
        },
        [Symbol.asyncDispose]: async () => {
          socket.close()
          await once(socket, 'close')
        },
      }
    },
  }
}

async function bound(socket: Socket, { address }: Network, port: number): Promise<void> {
  try {
    socket.bind(port)
    await once(socket, 'listening')
    socket.addMembership(MDNS.address, address)
    socket.setMulticastInterface(address)
    socket.setMulticastTTL(HOPS)
    socket.setMulticastLoopback(true)
  } catch (error) {
    socket.close()
    throw error
  }
}

/** The first IPv4 address of each interface, and the IPv6 address of it that reaches furthest. */
function found(): readonly (Network & { readonly prefix: number })[] {
  return Object.entries(networkInterfaces()).flatMap(([name, all = []]) => {
    const one = all.find(({ family }) => family === 'IPv4')
    if (one === undefined) return []
    const six = all.filter(({ family }) => family === 'IPv6').map(({ address }) => address)
    const address6 = six.find((address) => !address.startsWith('fe80:')) ?? six[0]
    return [{ name, address: one.address, address6, prefix: Number(one.cidr?.split('/')[1] ?? 32) }]
  })
}

/** Whether an address is on a network: a socket hears what others of this machine asked to hear, too. */
function nearTo({ name, address }: Network): (other: string) => boolean {
  const prefix = found().find((one) => one.name === name)?.prefix ?? 32
  const near = new BlockList()
  near.addSubnet(address, prefix, 'ipv4')
  return (other) => near.check(other, 'ipv4')
}
