/** Carriers by their config. */
import { must } from '#base/assert.ts'
import { EdgeError } from '#base/errors.ts'
import { parseId, type NodeId } from '#base/ids.ts'
import { tagOf } from '#carriers/dns-sd.ts'
import type { LanCarrier } from '#carriers/lan.ts'
import { realNetworks } from '#carriers/multicast.ts'
import { openNatsCarrier } from '#carriers/nats.ts'
import { keepNeighbours } from '#carriers/neighbours.ts'
import { openSbdCarrier, type SbdCarrier, type SbdOptions } from '#carriers/sbd.ts'
import type { Parts } from './opening.ts'
import type { World } from './world.ts'
import type { Config, NatsConfig, SbdConfig } from '#config/schema.ts'
import type { Carrier } from '#ports/carrier.ts'
import type { Terms } from '#tariff/terms.ts'

const DAY_MS = 24 * 3_600_000
/** What the small modems take and give in one message. */
const SENT_BYTES_MAX = 340
const RECEIVED_BYTES_MAX = 270

/** Opens a post office. Where its use is billed, it is dialled when there is something for it. */
export async function openNats(
  config: NatsConfig,
  { identity, start, store, clock, random, log }: Parts & World,
  terms?: Terms,
): Promise<Carrier> {
  const { streamDaysMax, backOffMsMax, ...same } = config
  const carrier = await openNatsCarrier(
    {
      ...same,
      streamAgeMaxMs: streamDaysMax * DAY_MS,
      backOffMaxMs: backOffMsMax,
      workspace: identity.organisation.code,
      nodeNumber: identity.certificate.number,
      epoch: epochOf(start.life),
      keyPrefix: `carrier/${config.name}/`,
      isOnDemand: terms !== undefined,
    },
    { clock, random, log, store },
  )
  return { ...carrier, ...(terms && { terms }) }
}

/** What finding others needs beside the node's ports: the door's port, and who calls what is found. */
interface Finding extends Parts, World {
  readonly port: number
  readonly lan: LanCarrier | undefined
}

/** Finds other nodes and is found, on the networks that the config names; closing it says goodbye. */
export function findNeighbours(
  { listen: { announceOn, host }, carriers }: Config,
  { identity: { certificate, organisation }, clock, log, port, lan }: Finding,
): AsyncDisposable {
  const stop = new AbortController()
  const lookOn = carriers.flatMap((one) => (one.kind === 'lan' ? one.lookOn : []))
  const { name } = certificate
  const onFound = (address: string): void => lan?.hint(address)
  const done = keepNeighbours(
    {
      name,
      port,
      tag: tagOf(organisation.id),
      announceOn,
      lookOn,
      isOnIpv6: host.includes(':'),
      onFound,
    },
    { clock, log, networks: realNetworks() },
    stop.signal,
  )
  return {
    [Symbol.asyncDispose]: async () => {
      stop.abort()
      await done
    },
  }
}

/** A life as 6 characters of base64url. */
function epochOf(life: Uint8Array): string {
  return Buffer.from(life).toString('base64url')
}

/** Opens one end of short burst data. @throws EdgeError CONFIG_INVALID when its link has no tariff by messages */
export async function openSbd(
  config: SbdConfig,
  { store, clock, random, log }: Parts & World,
  terms: Terms,
): Promise<SbdCarrier> {
  const { lanes, receiptDelayMs, link } = config
  const { tariff } = terms.profile
  if (tariff.shape !== 'messages') {
    const problems = `carriers.link: found ${link}, wanted a profile with a tariff of shape messages`
    throw new EdgeError('CONFIG_INVALID', { file: `${link}.json`, problems })
  }
  const carrier = await openSbdCarrier(
    {
      name: 'sbd',
      keyPrefix: 'carrier/sbd/',
      receiptDelayMs,
      lanes,
      tariff,
      end: endOf(config),
    },
    { store, clock, random, log },
  )
  return { ...carrier, terms, usedBytes: () => carrier.account().billedBytes }
}

function endOf({ modem, gateway, gatherMs }: SbdConfig): SbdOptions['end'] {
  if (modem !== undefined) {
    const { device, baud, hub, mailboxCheckMs } = modem
    const address = device === undefined ? placeOf(modem.address ?? '') : { device, baud }
    const bytesMax = SENT_BYTES_MAX
    return { role: 'modem', peer: nodeOf(hub), address, bytesMax, gatherMs, mailboxCheckMs }
  }
  return {
    role: 'gateway',
    listen: placeOf(gateway?.listen ?? ''),
    allowFrom: gateway?.allowFrom ?? [],
    gateway: placeOf(gateway?.send ?? ''),
    modems: (gateway?.modems ?? []).map(({ imei, node }) => ({ imei, peer: nodeOf(node) })),
    bytesMax: RECEIVED_BYTES_MAX,
    gatherMs,
  }
}

function nodeOf(text: string): NodeId {
  return must(parseId<NodeId>(text), 'the schema takes nothing but ids')
}

/** Of host:port; an IPv6 address has brackets there. */
function placeOf(text: string): { readonly host: string; readonly port: number } {
  const colon = text.lastIndexOf(':')
  const host = text.slice(0, colon).replace(/^\[(.*)\]$/, '$1')
  return { host, port: Number(text.slice(colon + 1)) }
}
