/**
 * Measures: `scripts/bench client`, `files`, `first-sync`, `lan`, `nats`, `plan`, `receipts`, `search`, `store`, `sync`, `trust`, `wire`. Called by `scripts/bench`, which sees to
 * the right Node and the packages. With --json the last line is one flat object; times and rates are those of this
 * machine, now. Only the bench that is asked for is loaded.
 */
import { fileURLToPath } from 'node:url'
import { Command } from 'commander'
import { realClock } from '#ports/real.ts'
import { table } from '#cli/terminal.ts'

interface Options {
  readonly input?: string
  readonly where?: string
  readonly only?: string
  readonly languages?: string
  readonly messages: string
  readonly small?: true
  readonly json?: true
}

interface Bench {
  readonly about: string
  readonly run: (options: Options) => Promise<Readonly<Record<string, number>>>
}

const BENCHES: Readonly<Record<string, Bench>> = {
  client: {
    about:
      'the web client in Chromium: bytes of a first visit, time until one can write on a slow processor, a long channel scrolled',
    run: async ({ small }) => {
      const { measureClient } = await import('./measure/client.ts')
      return measureClient({ isSmall: small === true, tell })
    },
  },
  files: {
    about: 'files over recorded thin links with their outages: whole, sent twice, flash in between',
    run: async ({ input, small }) => {
      const { measureFiles } = await import('./measure/files.ts')
      const data = input ?? fileURLToPath(new URL('../../shared/data', import.meta.url))
      return measureFiles({ data, isSmall: small === true, tell })
    },
  },
  'first-sync': {
    about: 'a new kit and a workspace of 20,000 messages: everything as deltas, beside snapshots',
    run: async ({ small }) => {
      const { measureFirstSync } = await import('./measure/first-sync.ts')
      return measureFirstSync({ messages: small === true ? 400 : 20_000, clock: realClock(), tell })
    },
  },
  lan: {
    about:
      '200 WebSocket clients beside a bare ws server: broadcasts, posts, memory; 200 people who sign in at once',
    run: async ({ small }) => {
      const { measureLan } = await import('./measure/lan.ts')
      return measureLan({ clock: realClock(), isSmall: small === true, tell })
    },
  },
  nats: {
    about: 'bytes of a connect, an envelope and a burst at a real NATS server with TLS',
    run: async ({ small }) => {
      const { measureNats } = await import('./measure/nats.ts')
      return measureNats({ isSmall: small === true, tell })
    },
  },
  plan: {
    about:
      'what a rehearsal foretells of bytes, time and money beside what it costs, on every link profile',
    run: async ({ input, only, small }) => {
      const { measurePlan } = await import('./measure/plan.ts')
      return measurePlan({ input, only, isSmall: small === true, tell })
    },
  },
  receipts: {
    about: 'bytes and envelopes for a message until its author knows it to be stored',
    run: async () => {
      const { measureReceipts } = await import('./measure/receipts.ts')
      return measureReceipts()
    },
  },
  search: {
    about: 'memory and time of full-text search, and of an index that is made anew',
    run: async ({ messages }) => {
      const { measureSearch } = await import('./measure/search.ts')
      return measureSearch({ clock: realClock(), messages: Number(messages), tell })
    },
  },
  store: {
    about: 'start, memory and posting of one node, with 1,000 and with 100,000 messages',
    run: async ({ messages }) => {
      const { measureStore } = await import('./measure/store.ts')
      return measureStore({ clock: realClock(), messages: Number(messages), tell })
    },
  },
  sync: {
    about:
      'two replicas made one beside Automerge and automerge-repo; flash, a full queue with a file, and idle on a thin link',
    run: async ({ small }) => {
      const { measureSync } = await import('./measure/sync.ts')
      return measureSync({ isSmall: small === true, tell })
    },
  },
  trust: {
    about: 'signing, sealing and wrapping beside others, catching up, a new key for fifty nodes',
    run: async ({ small }) => {
      const { measureTrust } = await import('./measure/trust.ts')
      return measureTrust({ clock: realClock(), isSmall: small === true, tell })
    },
  },
  wire: {
    about:
      'bytes a post, sealed and signed, beside what others would send; time and memory of the codec; nats',
    run: async ({ input, where, languages, small }) => {
      const { measureWire } = await import('./measure/wire.ts')
      const choice = { input, where, languages, isSmall: small === true }
      return measureWire({ ...choice, nowMs: computedMs, tell })
    },
  },
}

process.exitCode = await main()

async function main(): Promise<number> {
  const program = new Command('scripts/bench')
    .description('Measures one thing about this program, on this machine.')
    .argument('[name]', Object.keys(BENCHES).join(' or '))
    .option(
      '--input <file>',
      'messages for plan and wire, JSON Lines with a text (default: our own); for files, the folder of `files` and `network`',
    )
    .option(
      '--where <values>',
      'wire: only lines with these values, such as genre=direct,event=flood',
    )
    .option('--only <profile>', 'plan: one link profile of edge-config/links, such as bgan')
    .option('--languages <file>', 'wire: sentences in several languages, with lang, text and en')
    .option('--messages <number>', 'messages of the large node of store, and of search', '100000')
    .option('--small', 'client, lan, nats, plan, sync, trust and wire: only see that it runs')
    .option('--json', 'the last line is one JSON object')
    .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : 2))
    .parse()
  const [name] = program.args
  if (name === undefined) {
    console.log(list().join('\n'))
    return 0
  }
  const bench = Object.hasOwn(BENCHES, name) ? BENCHES[name] : undefined
  if (bench === undefined) {
    console.error(`found ${name}, wanted one of:\n${list().join('\n')}`)
    return 2
  }
  const options = program.opts<Options>()
  const result = await bench.run(options)
  console.log(table(Object.entries(result).map(([key, value]) => [key, String(value)])).join('\n'))
  if (options.json === true) console.log(JSON.stringify({ bench: name, ...result }))
  return 0
}

/** Time that this process has computed: what else the machine does meanwhile does not count. */
function computedMs(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1_000
}

function tell(line: string): void {
  console.error(`  ${line}`)
}

function list(): readonly string[] {
  return table(Object.entries(BENCHES).map(([name, { about }]) => [name, about]))
}
