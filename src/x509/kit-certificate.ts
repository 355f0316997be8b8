/**
 * The kit's server certificate, kept good while the node runs: a look every minute whether the kit has moved to other
 * addresses, the certificate has aged, or the clock has jumped; then a new one is made, kept on disk and announced.
 */
import { createPrivateKey, X509Certificate } from 'node:crypto'
import { must } from '#base/assert.ts'
import type { Clock } from '#ports/clock.ts'
import type { Log } from '#ports/log.ts'
import { dersFromPem, readCertificate, type Authority, type Credentials } from './certificate.ts'
import { hostsOf, leafIsDue, leafValidity } from './leaf.ts'

/** Where the kit is, and where its certificate is kept. */
export interface KitCertificateOptions {
  /** The kit's own authority. */
  readonly authority: Authority
  /** The node's name. */
  readonly name: string
  /** DNS names from the config. */
  readonly names: readonly string[]
  /** Every address of this machine, now. */
  readonly addresses: () => readonly string[]
  /** What was kept last. */
  readonly kept: Credentials | undefined
  /** Resolves once the new one is on disk. */
  readonly keep: (credentials: Credentials) => Promise<void>
}

/** A server certificate that stays good until it is disposed. */
export interface KitCertificate extends AsyncDisposable {
  readonly current: () => Credentials
  /** Calls the listener with every later one; the function returned ends that. */
  readonly onChange: (listener: (credentials: Credentials) => void) => () => void
}

/** How often the kit looks around, in milliseconds. */
export const LOOK_EVERY_MS = 60_000

/** Looks once, so that a good one is there, and then every minute. */
export async function openKitCertificate(
  options: KitCertificateOptions,
  ports: { readonly clock: Clock; readonly log: Log },
): Promise<KitCertificate> {
  const { clock } = ports
  const listeners = new Set<(credentials: Credentials) => void>()
  const stop = new AbortController()
  let current = await renewed(options, ports, sound(options.kept))
  const lookAround = async (): Promise<void> => {
    for (;;) {
      // oxlint-disable-next-line no-await-in-loop -- one look after the other
      await clock.sleep(LOOK_EVERY_MS, stop.signal)
      if (stop.signal.aborted) return
      // oxlint-disable-next-line no-await-in-loop -- one look after the other
      const next = await renewed(options, ports, current).catch((error: unknown) => {
        // The present one still serves: a full disk is no reason to stop the node.
        ports.log.warn('tls.not-renewed', { error: String(error) })
        return current
      })
      if (next === current) continue
      current = next
      for (const listener of listeners) listener(next)
    }
  }
  const looking = lookAround()
  return {
    current: () => current,
    onChange: (listener) => {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
    [Symbol.asyncDispose]: async () => {
      stop.abort()
      await looking
    },
  }
}

/** The present one while it will do, a new one when it will not. */
async function renewed(
  options: KitCertificateOptions,
  { clock, log }: { readonly clock: Clock; readonly log: Log },
  kept: Credentials | undefined,
): Promise<Credentials> {
  const { authority, keep } = options
  const issuer = new X509Certificate(authority.certificates[0])
  const leaf = leafOf(kept)
  const hosts = hostsOf({ ...options, addresses: options.addresses() })
  const view = { leaf, issuer, hosts, now: clock.now() }
  const reason = leafIsDue(view)
  if (reason === undefined) return must(kept, 'a certificate that will do is there')
  // Loaded only now, as most starts of a node need no new certificate.
  const { issueServer } = await import('./issue.ts')
  const made = await issueServer(authority, { hosts, ...leafValidity(view) })
  await keep(made)
  log.info('tls.certificate-made', { reason, count: hosts.length })
  return made
}

function leafOf(kept: Credentials | undefined): X509Certificate | undefined {
  const [der] = dersFromPem(kept?.certificatePem ?? '')
  return der === undefined ? undefined : readCertificate(der)
}

/** A damaged file, or a key that belongs to another certificate, is as good as none. */
function sound(kept: Credentials | undefined): Credentials | undefined {
  try {
    const key = createPrivateKey(kept?.keyPem ?? '')
    return leafOf(kept)?.checkPrivateKey(key) === true ? kept : undefined
  } catch {
    return undefined
  }
}
