/** The checks of `holdfast doctor` that look at the data folder: is it whole, closed to others, and readable? */
import { join, relative } from 'node:path'
import { codeOf } from '#base/errors.ts'
import { CLOCK_TOLERANCE_MS, EARLIEST_CREDIBLE_AT, RENEWAL_PERCENT } from '#base/limits.ts'
import { openModes, readDataFolder, type PublicContents } from '#config/data-folder.ts'
import { layoutOf } from '#config/layout.ts'
import { isThere } from '#config/files.ts'
import { loadConfig } from '#config/load.ts'
import type { Config } from '#config/schema.ts'
import { realWorld } from '#compose/world.ts'
import { checkFixedKeys } from '#compose/policy.ts'
import { checkStore, identityOf, organisationOf, rosterOf } from '#compose/opening.ts'
import { forget, keysOf, unlockAlone, waysInto, type StoreKey } from '#compose/unlocking.ts'
import { isPast, readCertificate, validityOf, type Certificate } from '#trust/identity.ts'
import { failed, fail, ok, warn, type Finding } from './finding.ts'
import { when, type Surroundings } from './terminal.ts'

/** What was found, and what later checks need of it. */
export interface FolderReport {
  readonly findings: readonly Finding[]
  readonly config: Config | undefined
  /** Whether the organisation's authority for certificates is here. */
  readonly isFounder: boolean
}

/** Where to look. */
export interface FolderPlace {
  readonly data: string
  readonly config: string | undefined
  readonly isRunning: boolean
}

/** How far ahead of the program's own time a clock can be right: 30 years. */
const CREDIBLE_MS = 30 * 365.25 * 24 * 3_600_000

/** All checks of the folder. */
export async function checkFolder(
  place: FolderPlace,
  surroundings: Surroundings,
): Promise<FolderReport> {
  const { data } = place
  const contents = await readDataFolder(data).catch(failed('folder'))
  if ('check' in contents) return { findings: [contents], config: undefined, isFounder: false }
  const organisation = organisationOf(contents)
  const certificate = readCertificate(
    rosterOf(organisation, contents).authority,
    contents.certificate,
  )
  if (certificate === undefined)
    return {
      findings: [fail('folder', 'the certificate is not of this organisation: restore both')],
      config: undefined,
      isFounder: false,
    }
  const whole = `${certificate.name} (${certificate.role}), number ${certificate.number} of ${organisation.name}, workspace code ${organisation.code}`
  const config = await configOf(place, certificate, surroundings)
  const hasConfig = !('check' in config)
  return {
    findings: [
      ok('folder', `${data}: ${whole}`),
      ...(await modes(data)),
      hasConfig ? ok('config', 'no mistake') : config,
      ...(hasConfig ? await lockedParts(place, contents, config) : []),
      validity(surroundings.clock.now(), certificate, data),
      clock(surroundings.clock.now(), certificate),
    ],
    config: hasConfig ? config : undefined,
    isFounder: await isThere(join(data, 'tls', 'ca.key')),
  }
}

async function configOf(
  { data, config }: FolderPlace,
  certificate: Certificate,
  { environment }: Surroundings,
): Promise<Config | Finding> {
  const file = config ?? layoutOf(data).config
  return loadConfig({ file, environment, overrides: {} })
    .then((loaded) => {
      checkFixedKeys(loaded, { certificate })
      return loaded
    })
    .catch(failed('config'))
}

/** What can be looked at only with the key: which way opens the folder, the node's own keys, the store. */
async function lockedParts(
  place: FolderPlace,
  contents: PublicContents,
  { unlock }: Config,
): Promise<readonly Finding[]> {
  const { data } = place
  const ways = await waysInto(data).catch(failed('vault'))
  if ('check' in ways) return [ways]
  const opens = `opens by ${ways.join(' or ')}`
  const key = await unlockAlone(data, unlock).catch(failed('vault'))
  if (key === undefined) return [warn('vault', `${opens}; the rest cannot be looked at without it`)]
  if ('check' in key) return [key]
  const lies = ways.includes('keyFile') && unlock.keyFile === undefined
  const found = [
    lies
      ? ok('vault', `${opens}, which lies beside it; \`holdfast passphrase set\` changes that`)
      : ok('vault', opens),
    await keysOf(data, key).then(
      (keys) => {
        identityOf(data, contents, keys)
        return ok('keys', 'those of this node')
      },
      (error: unknown) => failed('keys')(error),
    ),
    await store(place, key),
  ]
  forget(key)
  return found
}

async function modes(data: string): Promise<readonly Finding[]> {
  const open = await openModes(data)
  if (open.length === 0) return [ok('modes', 'nobody else can read the keys')]
  return open.map(({ path, found, wanted }) =>
    warn('modes', `${relative(data, path)} is ${found}: run \`chmod ${wanted} ${path}\``),
  )
}

async function store({ data, isRunning }: FolderPlace, key: StoreKey): Promise<Finding> {
  if (isRunning) return ok('store', 'in use by the running node; stop it to have every value read')
  if (!(await isThere(layoutOf(data).store))) return ok('store', 'not made yet')
  return checkStore({ dataFolder: data, key }, realWorld('error')).then(
    ({ values, holes, wasRepaired }) =>
      holes > 0
        ? warn(
            'store',
            `${holes} documents are damaged; what is missing is asked for at the next contact`,
          )
        : wasRepaired
          ? warn(
              'store',
              `${values} values open; damage was repaired: entries may be gone and will be fetched again`,
            )
          : ok('store', `all ${values} values open`),
    (error: unknown) =>
      codeOf(error) === 'DATA_FOLDER_IN_USE'
        ? fail('store', 'in use by another program: stop it')
        : failed('store')(error),
  )
}

/** A certificate runs out for good, so there is time to act from two thirds of its life on. */
function validity(now: number, certificate: Certificate, data: string): Finding {
  const { rights, validUntil } = certificate
  const byRoot = `the root renews it: holdfast join --request FILE --data ${data}, and there holdfast root certify FILE`
  const byNode = `contact with a node that may issue renews it; without a network: holdfast join --request FILE --data ${data}`
  const how = rights.administers || rights.issues ? byRoot : byNode
  switch (validityOf(certificate, now)) {
    case 'expired':
      return fail(
        'certificate',
        `expired ${when(validUntil)}: other nodes refuse this one. If the clock is right, ${how}`,
      )
    case 'not yet valid':
      return warn('certificate', `valid from ${when(certificate.validFrom)}: look at the clock`)
    case 'valid':
      return isPast(certificate, RENEWAL_PERCENT, now) && now >= EARLIEST_CREDIBLE_AT
        ? warn('certificate', `valid until ${when(validUntil)}: ${how}`)
        : ok('certificate', `valid until ${when(validUntil)}`)
  }
}

function clock(now: number, certificate: Certificate): Finding {
  const text = `this machine says ${when(now)}`
  const cannotBe = (why: string): Finding =>
    warn(
      'clock',
      `${text}, ${why}: set the time; messages are kept in order but marked "time uncertain"`,
    )
  if (now < EARLIEST_CREDIBLE_AT) return cannotBe('before this program was written')
  if (now > EARLIEST_CREDIBLE_AT + CREDIBLE_MS) return cannotBe('decades ahead')
  if (now < certificate.validFrom - CLOCK_TOLERANCE_MS) return cannotBe('before this node was made')
  return ok('clock', text)
}
