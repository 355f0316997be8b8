/** `holdfast doctor`: looks at everything a node needs and says what to do about what is not well. */
import type { NodeStatus } from '#app/types.ts'
import { stateOfFolder } from '#config/layout.ts'
import { Config } from '#config/schema.ts'
import { clockInWords } from './clock-words.ts'
import { checkFolder } from './doctor-folder.ts'
import {
  checkCarriers,
  checkDisk,
  checkEnvironment,
  checkNode,
  checkPort,
} from './doctor-machine.ts'
import { checkTls } from './doctor-tls.ts'
import { EXIT, NodeNotRunning, type ExitCode } from './explain.ts'
import { failed, ok, warn, type Finding } from './finding.ts'
import { findLocalNode } from './local-node.ts'
import { table, writeJson, writeLines, type CommonOptions, type Surroundings } from './terminal.ts'

/** What `doctor` may be told. */
export interface DoctorOptions extends CommonOptions {
  readonly config?: string
}

/** What counts where the config cannot be read. */
const DEFAULTS = Config.parse({})

/** Runs the command; `failed` when something cannot work. */
export async function doctor(
  options: DoctorOptions,
  surroundings: Surroundings,
): Promise<ExitCode> {
  const { terminal } = surroundings
  const findings = await examine(options, surroundings)
  const count = (state: Finding['state']): number =>
    findings.filter((each) => each.state === state).length
  if (options.json) writeJson(terminal, { ok: count('fail') === 0, findings })
  else {
    writeLines(terminal, table(findings.map(({ state, check, text }) => [state, check, text])))
    writeLines(terminal, [
      '',
      `${count('ok')} ok, ${count('warn')} to look at, ${count('fail')} failed`,
    ])
  }
  return count('fail') === 0 ? EXIT.good : EXIT.failed
}

async function examine(
  options: DoctorOptions,
  surroundings: Surroundings,
): Promise<readonly Finding[]> {
  const { data } = options
  const machine = [checkNode(process.versions.node), ...checkEnvironment(surroundings.environment)]
  const isAbsent = (await stateOfFolder(data)).kind === 'absent'
  const running = isAbsent ? undefined : await runningNode(data, surroundings)
  const isRunning = running?.[0]?.state === 'ok'
  const place = { data, config: options.config, isRunning }
  const { findings, config, isFounder } = await checkFolder(place, surroundings)
  const now = surroundings.clock.now()
  return [
    ...machine,
    ...findings,
    ...(isAbsent ? [] : [await checkDisk(data, (config ?? DEFAULTS).disk)]),
    ...(running ?? [ok('running', 'no; `holdfast start` starts it')]),
    ...(config === undefined
      ? []
      : [
          await checkPort(config.listen, isRunning),
          ...(await checkTls({ ...place, listen: config.listen, isFounder, now })),
          ...(await checkCarriers(config, surroundings)),
        ]),
  ]
}

/** Undefined when no node runs on the folder. */
async function runningNode(
  data: string,
  surroundings: Surroundings,
): Promise<readonly Finding[] | undefined> {
  return findLocalNode(data, surroundings)
    .then(async ({ ask, url }) => {
      const { clock } = (await ask('GET', '/api/holdfast/v1/status')) as NodeStatus
      const running = ok('running', `yes, and it answers at ${url}`)
      if (clock.state === 'good') return [running]
      return [running, warn('clock', `as the node sees it: ${clockInWords(clock)}`)]
    })
    .catch((error: unknown) =>
      error instanceof NodeNotRunning ? undefined : [failed('running')(error)],
    )
}
