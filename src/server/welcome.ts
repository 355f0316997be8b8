/**
 * Coming in by Wi-Fi: the page at `/welcome`, which a kit shows to whoever has nothing but its network, and what phones and laptops ask
 * to find out whether they are online. A kit's network leads nowhere, so phones leave it, or show nothing; where an operator
 * wants it (`listen.captivePortal`) they are told that all is well, or led to the page. Both need the network to send their names and
 * port 80 here (edge-config/README.md). By plain HTTP, since nobody who asks trusts the kit yet: nothing is told but how to.
 */
import { createHash } from 'node:crypto'
import type { Door } from './door.ts'
import { escaped } from './page.ts'
import { PROBES, type Probe } from './probes.ts'
import { qrPng } from './qr-png.ts'
import { openRoute, type Answer, type OpenCall, type Route } from './route.ts'
import { isSecure, secureUrlOf } from './tls.ts'

const STYLE = `
:root { color-scheme: light dark; font: 1rem/1.5 system-ui, sans-serif }
body { max-width: 32rem; margin: 2rem auto; padding: 0 1rem }
img { display: block; width: 16rem; max-width: 100%; image-rendering: pixelated; background: #fff }
code { padding: .1rem .3rem; border: 1px solid; border-radius: .25rem; overflow-wrap: anywhere }
`
const STYLE_HASH = createHash('sha256').update(STYLE).digest('base64')
const POLICY = `default-src 'none'; img-src 'self'; style-src 'sha256-${STYLE_HASH}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`

/** The page, its picture, and the probes where they are wanted. */
export function welcomeRoutes(door: Door): readonly Route[] {
  const { captivePortal } = door.options
  const probes = Object.entries(PROBES).map(([path, probe]) =>
    openRoute('GET', path, (call) => probed(call, probe, captivePortal === 'page')),
  )
  return [
    openRoute('GET', '/welcome', (call) => {
      call.reply.header('content-type', 'text/html; charset=utf-8')
      call.reply.header('content-security-policy', POLICY)
      call.reply.header('cache-control', 'no-store')
      const { workspace, nodeName, options } = door
      return welcomePage(
        { organisation: workspace.name, node: nodeName, hasTls: options.tls !== undefined },
        addressOf(door, call),
      )
    }),
    openRoute('GET', '/welcome/qr.png', (call) => {
      call.reply.header('content-type', 'image/png')
      call.reply.header('cache-control', 'no-store')
      return qrPng(`${addressOf(door, call)}/welcome`)
    }),
    ...(captivePortal === undefined ? [] : probes),
  ]
}

/** What the page tells. */
export interface Welcome {
  readonly organisation: string
  readonly node: string
  readonly hasTls: boolean
}

/** The whole page. `address` is what people type into their app, and what the picture says. */
export function welcomePage({ organisation, node, hasTls }: Welcome, address: string): string {
  const [where, who] = [escaped(address), escaped(organisation)]
  const trust = `<h2>1. Trust this kit, once</h2>
<p><a href="/trust">How, for each kind of phone and laptop</a>. It takes a minute; without it your device warns you of this kit.</p>`
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${escaped(node)}: ${who}</title>
<style>${STYLE}</style>
</head>
<body>
<h1>${who}</h1>
<p>This is the kit ${escaped(node)}. It keeps your team talking here, with or without the internet.</p>
${hasTls ? trust : ''}
<h2>${hasTls ? '2' : '1'}. Come in</h2>
<p>In the browser: <a href="${where}/">${where}</a></p>
<p>In a Mattermost app, add a server with this address: <code>${where}</code></p>
<p>Sign in with your name and password. Whoever has none asks an administrator of ${who}.</p>
<h2>Show others the way</h2>
<p>On this network they point their camera here:</p>
<p><img src="/welcome/qr.png" alt="${where}/welcome as a QR code"></p>
</body>
</html>
`
}

function probed({ request, reply }: OpenCall, probe: Probe, isPage: boolean): Answer {
  reply.header('cache-control', 'no-store')
  if (isPage) {
    const { localAddress = '', localPort = 0 } = request.raw.socket
    const own = localAddress.replace(/^::ffff:/, '')
    const host = own.includes(':') ? `[${own}]` : own
    reply.status(302).header('location', `http://${host}:${localPort}/welcome`)
    return ''
  }
  reply.status(probe.status).header('content-type', probe.type)
  return probe.body
}

/** By which address people reach the kit: as they came, by https where the door speaks it. */
function addressOf({ options }: Door, { request: { raw, protocol } }: OpenCall): string {
  if (options.siteUrl !== undefined) return options.siteUrl
  const secure = secureUrlOf({ headers: raw.headers, url: '', socket: raw.socket }).slice(0, -1)
  if (options.tls !== undefined || isSecure(raw) || protocol === 'https') return secure
  return `http://${secure.slice('https://'.length)}`
}
