/** The house rules of src/README.md that a machine can check. A failure names the file and the line. */
import { test, type Test } from 'tap'
import { ERRORS } from '#base/errors.ts'
import {
  errorRows,
  importsOfPackage,
  isTypesOnly,
  linesWith,
  textWith,
  tooLong,
  undocumented,
  wrongImports,
  wrongNames,
  type ImportTable,
} from './tidy/rules.ts'
import { sources, type Source } from './tidy/sources.ts'

/** Who may import whom, besides itself. Everything points up this table; there are no circles. */
const MAY_IMPORT: ImportTable = {
  base: '',
  model: 'base',
  trust: 'base model',
  codec: 'base model trust',
  federation: 'base model trust',
  tariff: 'base',
  ports: 'base model:types tariff:types',
  x509: 'base ports',
  sync: 'base model trust codec federation ports tariff',
  search: 'base',
  media: 'base model ports',
  app: 'base model trust codec sync ports search tariff media',
  storage: 'base ports',
  carriers: 'base model trust codec ports tariff',
  server: 'base model app ports config:types',
  bridges: 'base model app ports',
  config: 'base model tariff:types',
  cli: 'base config compose compose/tls compose/kit-ca app model trust codec x509 carriers ports:types',
  web: 'base model',
  'compose/tls': 'base config x509 ports server:types',
  'compose/kit-ca': 'base config x509',
  compose: 'all',
  main: 'cli',
}

/**
 * The only places that touch time, chance and the environment; everybody else is given them. The certificate library
 * takes points in time as `Date`: `x509/issue.ts` makes them of what it is given.
 */
const WORLDLY =
  /^src\/(?:compose\.ts|config\/environment\.ts|ports\/real\.ts|x509\/issue\.ts|web\/|storage\/|carriers\/|media\/previewer\.ts)/
const WORLD =
  /\b(?:Date|setTimeout|setInterval|setImmediate|AbortSignal\.timeout|Math\.random|randomUUID|randomBytes|process\.env|performance\.now)\b/

/** Source files (or folders, ending in `/`) without a test file of their own, and who tests them instead. */
const TESTED_ELSEWHERE: Readonly<Record<string, string>> = {
  'src/app/shut-out.ts':
    'test/attacks/revoked-people.test.ts shuts people out, at the app and at the door',
  'src/model/purge-content.ts': 'test/vectors writes and reads it',
  'src/model/stretch.ts': 'test/model/stub.test.ts makes and compares stubs',
  'src/sync/agreement.ts':
    'test/attacks/prints.test.ts, test/sync/meaning.test.ts and doubts.test.ts compare',
  'src/sync/words.ts': 'test/sync/ledger.test.ts and gap-marks.test.ts note words',
  'src/sync/copies.ts': 'test/sync/rebirth.test.ts writes again what turns up later',
  'src/sync/pace-desk.ts': 'test/sync/pace.test.ts opens it again',
  'src/sync/pace-drill.ts': 'test/sync/pace.test.ts drills',
  'src/sync/pace-keeper.ts': 'test/sync/pace.test.ts cuts links and mends them',
  'src/config/pace-schema.ts': 'test/compose/pace.test.ts and test/config/schema.test.ts read it',
  'src/sync/purge-keys.ts': 'test/sync/purge.test.ts reads what lies there',
  'src/sync/purge-orders.ts': 'test/sync/purge.test.ts gives orders',
  'src/sync/traces.ts': 'test/sync/purge.test.ts looks for what is left',
  'src/sync/vouching.ts': 'test/sync/inbox.test.ts and purge.test.ts send what nobody vouches for',
  'src/server/rest/shapes-purged.ts':
    'test/server/holdfast/purging.test.ts asks for lists with them',
  'src/media/loudness.ts': 'test/media/sound.test.ts looks at sounds of every kind',
  'src/media/opus.ts': 'test/media/sound.test.ts looks at sounds of every kind',
  'src/media/webm.ts': 'test/media/sound.test.ts looks at sounds of every kind',
  'src/media/ogg.ts': 'test/media/sound.test.ts looks at sounds of every kind',
  'src/media/mp3.ts': 'test/media/sound.test.ts looks at sounds of every kind',
  'src/media/lengths.ts': 'test/media/sound.test.ts looks at sounds of every kind',
  'src/main.ts': 'test/e2e starts it as a process',
  'src/compose.ts': 'test/e2e starts whole nodes',
  'src/config/carrying-schema.ts': 'test/config/schema.test.ts reads samples of all',
  'src/compose/carriage.ts': 'test/e2e takes a backup by the browser',
  'src/compose/beside.ts': 'test/e2e starts whole nodes',
  'src/app/cost-rows.ts': 'test/app/planning.test.ts asks what links have cost',
  'src/sync/file-limits.ts': 'numbers; what goes by them is tested beside it',
  'src/compose/version.ts': 'test/cli/command-line.test.ts asks for it',
  'src/compose/world.ts': 'test/e2e starts whole nodes',
  'src/config/environment.ts': 'test/cli/command-line.test.ts runs in one',
  'src/config/layout.ts': 'test/config/data-folder.test.ts makes such folders',
  'src/compose/opening.ts': 'test/e2e starts whole nodes',
  'src/compose/locked-door.ts': 'test/e2e locks and unlocks whole nodes',
  'src/cli/': 'test/e2e runs the commands',
  'src/web/ui/': 'test/e2e/web.test.ts draws it in a browser',
  'src/web/main.tsx': 'test/e2e/web.test.ts opens it in a browser',
  'src/web/device.ts': 'test/e2e/web.test.ts opens it in a browser',
  'src/web/worker.ts': 'test/e2e/web.test.ts opens it in a browser',
  'src/web/service-worker.ts': 'test/e2e/web.test.ts opens the page without a node',
  'src/web/state/loading.ts': 'test/web/state/app.test.ts asks a node',
  'src/web/state/events.ts': 'test/web/state/app.test.ts tells what happened',
  'src/web/state/stories.ts': 'test/web/state/app.test.ts asks for them',
  'src/web/core/limits.ts': 'each limit is tested where it is used',
  'src/web/state/pictures.ts': 'test/web/state/attaching.test.ts fetches what it sent',
  'src/web/state/writing.ts': 'test/web/state/app.test.ts writes',
  'src/web/state/outgoing.ts': 'test/web/state/app.test.ts sends by it',
  'src/web/state/freshness.ts': 'test/web/state/app.test.ts comes back to it',
  'src/config/browser-schema.ts': 'test/config/load.test.ts reads it',
  'src/web/state/personal.ts': 'test/web/state/app.test.ts notes by it',
  'src/web/state/store.ts': 'test/web/state/app.test.ts reads it',
  'src/web/words/': 'test/web/words/words.test.ts compares all catalogues',
  'src/model/other-content.ts': 'test/model/entry.test.ts writes and reads every kind',
  'src/app/sight.ts': 'test/app/policy.test.ts asks what guests see',
  'src/app/policy-check.ts': 'test/app/policy.test.ts says what does not fit',
  'src/model/policy-limits.ts': 'test/model/policy.test.ts goes beyond them',
  'src/server/visible.ts': 'test/attacks/permission-matrix.test.ts asks as a guest',
  'src/server/live-access.ts': 'test/attacks/permission-matrix.test.ts takes access away',
  'src/sync/bookmarks.ts': 'test/app/bookmarks.test.ts makes, moves and merges them',
  'src/sync/hiding.ts': 'test/sync/put-back.test.ts puts disks back',
  'src/x509/reflect.ts': 'test/x509/issue.test.ts loads the library that needs it',
  'src/x509/key-pairs.ts': 'test/x509/issue.test.ts signs with its keys',
  'src/base/limits.ts': 'each limit is tested where it is used',
  'src/storage/level-folder.ts':
    'test/storage/level-store.test.ts opens, repairs and cleans folders',
  'src/storage/level-open.ts': 'test/storage/level-store.test.ts opens, repairs and cleans folders',
  'src/storage/level-purge.ts':
    'test/storage/level-store.test.ts looks for deleted bytes in the files',
  'src/storage/store-errors.ts': 'test/storage/level-store.test.ts fills a disk',
  'src/storage/vault-format.ts': 'test/storage/vault.test.ts',
  'src/compose/policy.ts': 'test/e2e starts whole nodes, and doctor compares their config',
  'src/config/carrier-schema.ts': 'test/config/load.test.ts and test/config/schema.test.ts read it',
  'src/config/budget-schema.ts': 'test/config/load.test.ts and test/config/schema.test.ts read it',
  'src/config/lanes-schema.ts': 'test/config/load.test.ts and test/config/schema.test.ts read it',
  'src/config/schema-words.ts': 'test/config/load.test.ts and test/config/schema.test.ts read it',
  'src/config/sign-in-schema.ts': 'test/config/load.test.ts and test/config/schema.test.ts read it',
  'src/config/files-schema.ts': 'test/config/load.test.ts and test/config/schema.test.ts read it',
  'src/compose/files.ts': 'test/storage/blob-bucket.test.ts opens it',
  'src/storage/sealed-blob.ts': 'test/storage/blob-folder.test.ts seals and opens',
  'src/storage/s3-bucket.ts': 'test/storage/blob-bucket.test.ts keeps the contract in one',
  'src/config/sbd-schema.ts': 'test/config/load.test.ts and test/config/schema.test.ts read it',
  'src/config/contradictions.ts': 'test/config/load.test.ts reads such configs',
  'src/app/moods.ts': 'test/server/rest/status.test.ts says something of somebody',
  'src/server/probes.ts': 'test/server/welcome.test.ts asks them all',
  'src/carriers/courier-import.ts': 'test/carriers/courier.test.ts takes what lies on sticks',
  'src/carriers/courier-outing.ts': 'test/carriers/courier.test.ts writes onto sticks',
  'src/carriers/frame-incoming.ts': 'test/carriers/frame-line.test.ts takes frames',
  'src/carriers/frame-outgoing.ts': 'test/carriers/frame-line.test.ts sends them',
  'src/carriers/frame-packing.ts': 'test/carriers/frame-line.test.ts counts their bytes',
  'src/carriers/sbd-at.ts': 'test/carriers/sbd-kit.test.ts and sbd-serial.test.ts talk to modems',
  'src/app/accounts.ts': 'nothing but its parts, each of which has a test',
  'src/sync/session-book.ts':
    'test/app/sessions.test.ts and test/app/standing.test.ts end sessions',
  'src/model/directory-people.ts': 'test/model/directory.test.ts folds people',
  'src/server/png.ts':
    'test/server/rest/picture.test.ts and test/server/qr-png.test.ts read pictures',
  'src/server/passkey-proof.ts': 'test/server/holdfast/passkeys.test.ts shows what devices sign',
  'src/server/rest/personal.ts': 'test/server/rest/tokens.test.ts comes with access tokens',
  'src/model/channel-members.ts': 'test/model/directory.test.ts folds members',
  'src/model/epoch-rows.ts': 'test/model/key-book.test.ts folds epochs',
  'src/sync/doubts.ts': 'test/attacks/notes.test.ts and test/sync/freeze.test.ts raise them',
  'src/sync/desk.ts': 'test/sync/replica.test.ts runs commits',
  'src/sync/remedies.ts': 'test/sync/mending.test.ts damages every kind of value',
  'src/sync/handover.ts': 'test/sync/contact.test.ts answers parcels',
  'src/sync/cut-off.ts': 'test/sync/anchors.test.ts brings back what was cut off',
  'src/codec/message-names.ts': 'test/codec/delta.test.ts names messages',
  'src/sync/outlook.ts':
    'test/sync/author.test.ts and test/sync/placing.test.ts write by wrong clocks',
  'src/sync/fold-message.ts': 'test/sync/projector.test.ts folds messages',
  'src/sync/exposure.ts': 'test/app/revoking.test.ts reads the report',
  'src/sync/good-epochs.ts': 'test/sync/epochs.test.ts',
  'src/sync/reproject.ts':
    'test/sync/freeze.test.ts and test/attacks/thief.test.ts take messages out',
  'src/sync/take-delta.ts': 'test/sync/inbox.test.ts takes deltas',
  'src/sync/wraps.ts': 'test/sync/epochs.test.ts',
  'src/sync/search-marks.ts': 'test/app/search-index.test.ts marks messages',
  'src/app/search-fresh.ts': 'test/app/search.test.ts finds what no block has',
  'src/app/search-scope.ts': 'test/app/search.test.ts filters',
  'src/search/block.ts': 'test/app/search-index.test.ts writes and reads blocks',
  'src/search/limits.ts': 'each limit is tested where it is used',
  'src/search/matches.ts': 'test/server/rest/search.test.ts reads them',
  'src/sync/worth.ts': 'test/sync/dialling.test.ts dials for what waits',
  'src/sync/worth-files.ts': 'test/sync/dialling.test.ts dials for files',
  'src/app/plan-types.ts': 'nothing but types',
  'src/carriers/lan-report.ts': 'test/carriers/lan-refusal.test.ts',
  'src/sync/left-parcels.ts': 'test/sync/contact.test.ts begins contacts',
  'src/sync/rehearsal.ts': 'test/app/planning.test.ts foretells what leaves then',
  'src/tariff/terms.ts': 'nothing but types',
  'src/sync/spending-keys.ts': 'test/sync/spending.test.ts books under them',
  'src/config/link-schema.ts': 'test/config/links.test.ts reads it',
  'src/compose/terms.ts': 'test/compose/carriers.test.ts and test/e2e open carriers by it',
  'src/sync/context.ts': 'nothing but types and one line',
  'src/sync/kept-keys.ts': 'test/server/rest keeps something under each of them',
  'src/sync/following.ts': 'test/server/rest/threads.test.ts follows threads',
  'src/model/post-content.ts': 'test/model/entry.test.ts writes and reads posts',
  'src/app/arrangements.ts': 'test/server/rest/sidebar.test.ts and marks.test.ts',
  'src/app/daily.ts': 'nothing but parts that are tested by themselves',
  'src/app/delivery-words.ts': 'test/cli/delivery-words.test.ts',
  'src/app/draft-checks.ts': 'test/app/messages.test.ts posts what is too long',
  'src/app/file-price.ts': 'test/app/file-previews.test.ts asks what files cost',
  'src/app/file-keeping.ts': 'test/app/file-previews.test.ts keeps and drops files',
  'src/app/taking-in.ts': 'test/app/file-previews.test.ts hands in files',
  'src/model/preview.ts':
    'test/media/track.test.ts and test/model/entry.test.ts write and read them',
  'src/media/limits.ts': 'each limit is tested where it is used',
  'src/media/kind.ts': 'test/media/previewer.test.ts looks at files of every kind',
  'src/media/look.ts': 'test/media/previewer.test.ts starts it',
  'src/media/picture.ts': 'test/media/previewer.test.ts looks at pictures',
  'src/media/pages.ts': 'test/media/previewer.test.ts looks at a page',
  'src/web/passkey.ts': 'test/e2e/web-device.test.ts has an authenticator',
  'src/web/state/lock-policy.ts': 'test/web/state/locking.test.ts',
  'src/web/state/sealed-shelf.ts': 'test/web/state/locking.test.ts',
  'src/media/wave.ts': 'test/media/previewer.test.ts looks at sounds',
  'src/media/exif.ts': 'test/media/positions.test.ts looks through pictures',
  'src/media/patches.ts': 'test/media/positions.test.ts takes positions out',
  'src/media/png-chunks.ts': 'test/media/positions.test.ts looks through PNG files',
  'src/server/drawing.ts': 'test/server/rest/file-pictures.test.ts shows what it draws',
  'src/app/known-file.ts': 'test/app/file-fetching.test.ts looks at files on their way',
  'src/sync/salvage.ts': 'test/sync/damaged-files.test.ts counts what has to come again',
  'src/sync/file-asked.ts': 'test/sync/file-asking.test.ts looks at what is left of it',
  'src/sync/file-notes.ts': 'test/sync/notes.test.ts and file-lying.test.ts take both kinds',
  'src/codec/spans-code.ts': 'test/codec/wish.test.ts and given.test.ts read and write stretches',
  'src/sync/file-desk.ts': 'test/app/file-fetching.test.ts switches nodes off and on',
  'src/sync/file-fetching.ts': 'test/app/file-fetching.test.ts and test/sync/file-wishes.test.ts',
  'src/sync/cut-changes.ts': 'test/sync/cut.test.ts cuts',
  'src/sync/file-records.ts': 'test/app/file-fetching.test.ts reads them from disks',
  'src/sync/file-serving.ts': 'test/app/file-fetching.test.ts and test/sync/file-wishes.test.ts',
  'src/app/files.ts': 'test/server/rest/files.test.ts',
  'src/app/hooks.ts': 'test/server/rest/hooks.test.ts',
  'src/app/pictures.ts': 'test/server/rest/pictures.test.ts',
  'src/app/threads.ts': 'test/server/rest/threads.test.ts',
  'src/app/unsent.ts': 'test/server/rest/unsent.test.ts',
  'src/app/uploads.ts': 'test/server/rest/files.test.ts',
  'src/server/live-text.ts': 'test/server/live-events.test.ts',
  'src/server/holdfast/words.ts':
    'test/server/holdfast/docs.test.ts compares it with the table of routes',
  'src/server/multipart.ts': 'test/server/rest/files.test.ts',
  'src/server/rest/notify.ts': 'test/server/rest/marks.test.ts',
  'src/server/rest/shapes-kept.ts': 'test/server/rest/threads.test.ts and others read them',
}

/** Source files that may be longer than LINES_MAX, and why. */
const LONG: Readonly<Record<string, string>> = {
  'src/codec/dictionary-text.ts': 'prose for the compressor, not code',
  'src/web/words/ar.ts': 'sentences, not code; Arabic has six forms of a plural',
  'src/web/words/en.ts': 'sentences, not code',
  'src/web/words/es.ts': 'sentences, not code',
  'src/web/words/fr.ts': 'sentences, not code',
  'src/web/words/uk.ts': 'sentences, not code',
}
const LINES_MAX = 300

const SRC = sources('src/**/*.{ts,tsx}')
const OWN = [...SRC, ...sources('test/**/*.ts'), ...sources('scripts/**/*')]

test('imports follow the table of who may import whom', async (t) => {
  tidy(t, SRC, (source) => wrongImports(source, MAY_IMPORT))
})

test('every folder under src stands in the table', async (t) => {
  tidy(t, SRC, ({ path }) => {
    const owner = path.split('/')[1]?.replace(/\.ts$/, '') ?? ''
    return owner in MAY_IMPORT ? [] : [`${path}:1: ${owner} is not in MAY_IMPORT`]
  })
})

test('only src/model/document.ts imports Automerge', async (t) => {
  tidy(t, SRC, (source) =>
    source.path === 'src/model/document.ts' ? [] : importsOfPackage(source, '@automerge/automerge'),
  )
})

test('there are no default exports and no barrel files', async (t) => {
  tidy(t, OWN, (source) => linesWith(source, /^export default\b/, 'a default export'))
  tidy(t, SRC, (source) => linesWith(source, /^export \*/, 'hides who owns what'))
  tidy(t, SRC, ({ path }) => (path.endsWith('/index.ts') ? [`${path}:1: a barrel file`] : []))
})

test('file and folder names are kebab-case', async (t) => {
  tidy(t, OWN, (source) => (source.path.endsWith('.md') ? [] : wrongNames(source)))
})

test('no source file is longer than its limit', async (t) => {
  tidy(t, SRC, (source) => (source.path in LONG ? [] : tooLong(source, LINES_MAX)))
})

test('time, chance and environment are touched only where the world begins', async (t) => {
  tidy(t, SRC, (source) =>
    WORLDLY.test(source.path) ? [] : linesWith(source, WORLD, 'pass it in, or use a port'),
  )
})

test('every export has a doc comment', async (t) => {
  tidy(t, SRC, undocumented)
})

test('every source file has a test file, or is named as tested elsewhere', async (t) => {
  const tests = new Set(sources('test/**/*.test.ts').map(({ path }) => path))
  const elsewhere = Object.keys(TESTED_ELSEWHERE)
  const isNamed = (path: string) =>
    elsewhere.some((name) => (name.endsWith('/') ? path.startsWith(name) : path === name))

  tidy(t, SRC, (source) => {
    const mirror = source.path.replace(/^src\//, 'test/').replace(/\.tsx?$/, '.test.ts')
    return isNamed(source.path) || isTypesOnly(source) || tests.has(mirror)
      ? []
      : [`${source.path}:1: write ${mirror}, or name it in TESTED_ELSEWHERE`]
  })
})

test('no work is left as a note in the code', async (t) => {
  tidy(t, OWN, (source) => textWith(source, /\b(?:TO[D]O|FIXM[E]|XX[X])\b/, 'do it or drop it'))
})

test('the table of errors in README.md is the one in the code', async (t) => {
  const readme = sources('README.md')[0]?.text ?? ''

  t.strictSame(
    errorRows(readme),
    Object.entries(ERRORS).map(([code, { status, remedy }]) => `${code} | ${status} | ${remedy}`),
    'README.md#errors: one row per code, | `CODE` | status | remedy |, in the order of the code',
  )
})

test('the doors want the same Node as package.json', async (t) => {
  const door = sources('scripts/lib/door.sh')[0]?.text ?? ''
  const number = (name: string) => Number(new RegExp(`^${name}=(\\d+)$`, 'm').exec(door)?.[1])
  const major = number('NODE_MAJOR')

  t.match(
    sources('package.json')[0]?.text,
    `"node": ">=${major}.${number('NODE_MINOR_MIN')}.0 <${major + 1}"`,
  )
})

test('the lock file names no host to install from', async (t) => {
  tidy(t, sources('package-lock.json'), (source) =>
    textWith(source, /"resolved":/, 'run npm install with the .npmrc of this folder'),
  )
})

/** Passes when `rule` has nothing to say about any of `files`. */
function tidy(t: Test, files: readonly Source[], rule: (source: Source) => string[]): void {
  t.strictSame(files.flatMap(rule), [])
}
