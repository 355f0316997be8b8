/**
 * What the NATS carrier costs on a line, beyond the envelopes: against a real server with TLS, which knows nodes by their certificates.
 *
 * Bytes of TCP's payload are counted by a relay between the two. Bytes of IP, with every header and acknowledgement, are counted by
 * the kernel where it lets us: two network namespaces, joined by a cable of their own, and nothing else on it. `nats_ip` says
 * whether that was so (1); else (0) the figures without `tcp` in their names are those of TCP.
 */
import { member, openSite, type NatsSite } from '../../test/support/nats-site.ts'
import { withoutNatsServer } from '../../test/support/nats-server.ts'
import { startRelay } from '../../test/support/relay.ts'
import { measureInNamespaces } from './nats-namespaces.ts'
import { measurePhases, type Phases, type Sides } from './nats-phases.ts'

/** What the bench may be told. */
export interface NatsBenchOptions {
  /** Only TCP, and a short look: to see that it runs. */
  readonly isSmall: boolean
  readonly tell: (line: string) => void
}

type Result = Readonly<Record<string, number>>

/** Measures, or says why not. */
export async function measureNats({ isSmall, tell }: NatsBenchOptions): Promise<Result> {
  if (withoutNatsServer !== false) {
    tell(`nothing measured of NATS: ${withoutNatsServer}`)
    return {}
  }
  const tcp = await measureTcp(isSmall)
  tell('bytes of TCP counted at a relay')
  const ip = isSmall ? { reason: 'only looked whether it runs' } : await measureInNamespaces()
  tell(
    'phases' in ip ? 'bytes of IP counted by the kernel' : `bytes of IP not counted: ${ip.reason}`,
  )
  return {
    ...named('nats', 'phases' in ip ? ip.phases : tcp),
    ...named('nats_tcp', tcp),
    nats_ip: 'phases' in ip ? 1 : 0,
  }
}

function named(prefix: string, phases: Phases): Result {
  return Object.fromEntries(
    Object.entries(phases).map(([name, bytes]) => [`${prefix}_${name}_b`, Number(bytes)]),
  )
}

async function measureTcp(isSmall: boolean): Promise<Phases> {
  await using site = await openSite(MEMBERS)
  await using relay = await startRelay(site.server.port)
  const servers = [`tls://127.0.0.1:${relay.port}`]
  const sides = await sidesOf(site)
  return await measurePhases({ ...sides, kit: { ...sides.kit, servers } }, relay.bytes, isSmall)
}

/** Who is let in. */
export const MEMBERS = { A: [member(1, 'rf'), member(2, 'rf')] }

/** Both nodes as the program itself opens their carriers: an organisation's code, and six characters for a life. */
export async function sidesOf(site: NatsSite): Promise<Sides> {
  const of = async (number: number, epoch: string) => ({
    ...(await site.optionsFor(number)),
    workspace: 'rf',
    epoch,
  })
  return { other: await of(1, '-x9q2A'), kit: await of(2, '_x9q2B') }
}
