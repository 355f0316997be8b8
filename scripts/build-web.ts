/**
 * Builds the web client of `src/web` into `.web/`: bundled, minified, named after their content, compressed beforehand.
 * Equal sources give equal bytes. `files.json` says what is there, and is written last; called by `scripts/lib/door.sh`.
 */
import { build, type Metafile } from 'esbuild'
import { createHash } from 'node:crypto'
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { promisify } from 'node:util'
import { brotliCompress, constants, gzip } from 'node:zlib'

const ROOT = path.resolve(import.meta.dirname, '..')
const SOURCES = path.join(ROOT, 'src/web')
const TYPES: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.png': 'image/png',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.txt': 'text/plain; charset=utf-8',
  '.webmanifest': 'application/manifest+json',
}
const ICONS = ['icon-180.png', 'icon-192.png', 'icon-512.png']
/** Packages whose code is in the bundle: their licences want to be handed on. */
const BUNDLED = [
  'preact',
  '@preact/signals',
  '@preact/signals-core',
  'marked',
  'tweetnacl',
  '@noble/hashes',
]

interface Made {
  readonly url: string
  readonly bytes: Uint8Array
  /** Its name changes with its content. */
  readonly isForever: boolean
}

await main(process.argv[2] ?? path.join(ROOT, '.web'))

async function main(target: string): Promise<void> {
  const files = await everything()
  const fresh = `${target}.new`
  await rm(fresh, { recursive: true, force: true })
  await mkdir(fresh, { recursive: true })
  const list = await Promise.all(files.map((file, index) => put(fresh, file, index)))
  await writeFile(path.join(fresh, 'files.json'), `${JSON.stringify(list, undefined, 2)}\n`)
  await rm(target, { recursive: true, force: true })
  await rename(fresh, target)
}

async function everything(): Promise<readonly Made[]> {
  const app = await bundle(['main.tsx', 'style/app.css'], 'assets/[name]-[hash]')
  const page = await readFile(path.join(SOURCES, 'app.html'), 'utf8')
  const html = page
    .replace('{style}', urlOf(app.metafile, 'style/app.css'))
    .replace('{script}', urlOf(app.metafile, 'main.tsx'))
    .replace('{preload}', preloads(app.metafile, 'main.tsx'))
  const fixed: readonly Made[] = [
    made('/', Buffer.from(html)),
    made('/icon.svg', await readFile(path.join(SOURCES, 'icon.svg'))),
    made('/app.webmanifest', await readFile(path.join(SOURCES, 'app.webmanifest'))),
    made('/licences.txt', Buffer.from(await licences())),
    // For home screens that take no SVG; drawn once from `icon.svg`, two of them to the edge, which phones round.
    ...(await Promise.all(ICONS.map((name) => picture(name)))),
  ]
  const kept = [...fixed.slice(0, 3), ...app.files].map(({ url }) => url).toSorted()
  const version = hashOf([...fixed, ...app.files])
  const worker = await bundle(['service-worker.ts'], '[name]', {
    KEPT_FILES: JSON.stringify(kept),
    KEPT_VERSION: JSON.stringify(version),
  })
  const once = worker.files.map(({ bytes }) => made('/service-worker.js', bytes))
  return [...fixed, ...app.files, ...once]
}

interface Bundle {
  readonly metafile: Metafile
  readonly files: readonly Made[]
}

async function bundle(
  entries: readonly string[],
  names: string,
  define: Readonly<Record<string, string>> = {},
): Promise<Bundle> {
  const { outputFiles, metafile } = await build({
    absWorkingDir: ROOT,
    entryPoints: entries.map((entry) => `src/web/${entry}`),
    outdir: '/',
    outbase: 'src/web',
    bundle: true,
    splitting: true,
    format: 'esm',
    target: ['chrome94', 'firefox94', 'safari15.4'],
    minify: true,
    charset: 'utf8',
    entryNames: names.replace('[name]', '[dir]/[name]'),
    chunkNames: names,
    jsx: 'automatic',
    jsxImportSource: 'preact',
    legalComments: 'none',
    define,
    metafile: true,
    write: false,
    logLevel: 'warning',
  })
  const files = outputFiles.map((file) => ({
    url: file.path.split(path.sep).join('/'),
    bytes: file.contents,
    isForever: true,
  }))
  return { metafile, files: files.toSorted((a, b) => (a.url < b.url ? -1 : 1)) }
}

async function picture(name: string): Promise<Made> {
  return made(`/${name}`, await readFile(path.join(SOURCES, 'icons', name)))
}

function made(url: string, bytes: Uint8Array): Made {
  return { url, bytes, isForever: false }
}

function urlOf(metafile: Metafile, entry: string): string {
  return addressOf(outputOf(metafile, entry)[0])
}

/** What an entry cannot begin without is asked for with it, and not once it has been read. */
function preloads(metafile: Metafile, entry: string): string {
  return outputOf(metafile, entry)[1]
    .imports.filter(({ kind }) => kind === 'import-statement')
    .map(({ path: file }) => `<link rel="modulepreload" href="${addressOf(file)}" />`)
    .join('')
}

function outputOf({ outputs }: Metafile, entry: string) {
  const found = Object.entries(outputs).find(([, one]) => one.entryPoint === `src/web/${entry}`)
  if (found === undefined) throw new Error(`found no bundle of ${entry}`)
  return found
}

function addressOf(file: string): string {
  return `/${path.posix.relative('/', path.posix.resolve('/', file.replace(/^(\.\.\/)+/, '')))}`
}

function hashOf(files: readonly Made[]): string {
  const hash = createHash('sha256')
  for (const { url, bytes } of files) hash.update(url).update(bytes)
  return hash.digest('hex').slice(0, 16)
}

async function licences(): Promise<string> {
  const texts = BUNDLED.map(async (name) => {
    const folder = path.join(ROOT, 'node_modules', name)
    const text = await firstOf(['LICENSE', 'LICENSE.md'].map((file) => path.join(folder, file)))
    return `${name}\n\n${text.trim()}\n`
  })
  return (await Promise.all(texts)).join('\n\n')
}

async function firstOf(files: readonly string[]): Promise<string> {
  for (const file of files) {
    const text = await readFile(file, 'utf8').catch(() => undefined)
    if (text !== undefined) return text
  }
  throw new Error(`found none of ${files.join(', ')}`)
}

/** Writes one file in all its forms; gives its line of `files.json`. */
async function put(folder: string, file: Made, index: number): Promise<object> {
  const { url, bytes, isForever } = file
  const extension = url === '/' ? '.html' : path.posix.extname(url)
  const type = TYPES[extension]
  if (type === undefined) throw new Error(`found ${url}, wanted a type for ${extension}`)
  const name = `${index}${extension}`
  const quality = { [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY }
  const br = await promisify(brotliCompress)(bytes, { params: quality })
  const gz = await promisify(gzip)(bytes, { level: constants.Z_BEST_COMPRESSION })
  await writeFile(path.join(folder, name), bytes)
  await writeFile(path.join(folder, `${name}.br`), br)
  await writeFile(path.join(folder, `${name}.gz`), gz)
  return { url, type, isForever, name }
}
