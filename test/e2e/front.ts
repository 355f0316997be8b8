/** A door before a node that can be shut, and behind which a newer build of the client can appear without the node's own changing. */
import {
  createServer,
  request,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http'
import { connect, type AddressInfo, type Socket } from 'node:net'
import type { Node } from '../../scripts/fleet/node.ts'

/** The door. Disposing it shuts it for good. */
export interface Front extends AsyncDisposable {
  /** By `localhost`: a secure context. */
  readonly url: string
  /** Nobody is let through, and whoever is inside is put out. */
  readonly shut: () => void
  readonly open: () => void
  /** From now on this build is served; the page says which one it is by `data-build`. With `isTorn` its script never comes. */
  readonly renew: (build: string, options?: { readonly isTorn: boolean }) => Promise<void>
}

interface State {
  isShut: boolean
  readonly inside: Set<Socket>
  /** What is answered instead of the node; undefined for what never comes. */
  changed: ReadonlyMap<string, string | undefined>
}

/** A door that is open. */
export async function openFront({ url }: Node): Promise<Front> {
  const state: State = { isShut: false, inside: new Set(), changed: new Map() }
  const server = createServer((from, to) => pass(state, url(), { from, to }))
  server.on('connection', (socket) => admit(state, socket))
  server.on('upgrade', (from, socket: Socket, head) => {
    const node = new URL(url())
    const inner = connect(Number(node.port), node.hostname)
    admit(state, inner)
    inner.write(`${from.method} ${from.url} HTTP/1.1\r\n${headersOf(from)}\r\n\r\n`)
    inner.write(head)
    inner.pipe(socket).pipe(inner)
    inner.on('error', () => socket.destroy())
    socket.on('error', () => inner.destroy())
  })
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve))
  const shut = (): void => {
    state.isShut = true
    for (const socket of state.inside) socket.destroy()
  }
  return {
    url: `http://localhost:${(server.address() as AddressInfo).port}`,
    shut,
    open: () => {
      state.isShut = false
    },
    renew: async (build, { isTorn } = { isTorn: false }) => {
      state.changed = await buildAfter(url(), build, isTorn)
    },
    [Symbol.asyncDispose]: async () => {
      shut()
      await closed(server)
    },
  }
}

function closed(server: Server): Promise<void> {
  return new Promise((resolve) => void server.close(() => resolve()))
}

function admit(state: State, socket: Socket): void {
  if (state.isShut) return void socket.destroy()
  state.inside.add(socket)
  socket.on('close', () => state.inside.delete(socket))
}

function pass(
  { changed }: State,
  node: string,
  { from, to }: { readonly from: IncomingMessage; readonly to: ServerResponse },
): void {
  const path = from.url ?? '/'
  const instead = changed.get(path)
  if (changed.has(path) && instead === undefined) return void to.destroy()
  const { 'if-none-match': _, 'accept-encoding': encodings, ...headers } = from.headers
  const kept =
    instead === undefined && encodings !== undefined ? { 'accept-encoding': encodings } : {}
  // What has a new name gets the headers of what it stands for.
  const known = changed.get(`from ${path}`) ?? path
  const options = { method: from.method, headers: { ...headers, ...kept } }
  const inner = request(node + known, options, (answer) => {
    const { 'content-length': length, ...rest } = answer.headers
    if (instead === undefined) {
      to.writeHead(answer.statusCode ?? 502, answer.headers)
      answer.pipe(to)
      return
    }
    answer.resume()
    to.writeHead(200, {
      ...rest,
      ...(length === undefined ? {} : { 'content-length': Buffer.byteLength(instead) }),
    })
    to.end(instead)
  })
  inner.on('error', () => to.destroy())
  from.pipe(inner)
}

/** The build that the node has, but for a script that says its name, and so another worker. */
async function buildAfter(
  url: string,
  build: string,
  isTorn: boolean,
): Promise<ReadonlyMap<string, string | undefined>> {
  const read = async (path: string): Promise<string> => (await fetch(url + path)).text()
  const page = await read('/')
  const main = /\/assets\/main-\w{8}\.js/.exec(page)?.[0] ?? ''
  const fresh = `/assets/main-BUILD${build.padStart(3, '0')}.js`
  const script = `${await read(main)}\ndocument.documentElement.dataset.build = '${build}'`
  const worker = (await read('/service-worker.js'))
    .replaceAll(main, fresh)
    .replace(/holdfast-[0-9a-f]{16}/, `holdfast-${build.padStart(16, '0')}`)
  return new Map([
    ['/', page.replaceAll(main, fresh)],
    [fresh, isTorn ? undefined : script],
    [`from ${fresh}`, main],
    ['/service-worker.js', worker],
  ])
}

function headersOf({ rawHeaders }: IncomingMessage): string {
  const lines: string[] = []
  for (let at = 0; at < rawHeaders.length; at += 2)
    lines.push(`${rawHeaders[at]}: ${rawHeaders[at + 1]}`)
  return lines.join('\r\n')
}
