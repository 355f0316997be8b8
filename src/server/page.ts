/** The page at `/about`, and at `/` where no web client was built: what this node is, how it is, and how to connect an app. No script, nothing from elsewhere. */
import { createHash } from 'node:crypto'
import type { NodeStatus } from '#app/types.ts'
import type { Door } from './door.ts'
import { PAGE_CACHE_MS } from './limits.ts'
import { openRoute, type OpenCall, type Route } from './route.ts'
import { webRoutes } from './web.ts'

const STYLE = `
:root { color-scheme: light dark; font: 1rem/1.5 system-ui, sans-serif }
body { max-width: 38rem; margin: 2rem auto; padding: 0 1rem }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .25rem 1rem }
dt { font-weight: 600 }
dd { margin: 0 }
code { padding: .1rem .3rem; border: 1px solid; border-radius: .25rem; overflow-wrap: anywhere }
`
const STYLE_HASH = createHash('sha256').update(STYLE).digest('base64')
const POLICY = `default-src 'none'; style-src 'sha256-${STYLE_HASH}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`

/** Year, month, day, hour and minute, in this order. */
const TIME = new Intl.DateTimeFormat('sv-SE', {
  timeZone: 'UTC',
  dateStyle: 'short',
  timeStyle: 'short',
})

/** The routes of the page and of the web client. Strangers may ask for it, so the node is asked at most once in PAGE_CACHE_MS. */
export function pageRoutes(door: Door): readonly Route[] {
  let known: Known | undefined
  const statusNow = (): Promise<NodeStatus> => {
    const now = door.clock.monotonicMs()
    if (known === undefined || now - known.at >= PAGE_CACHE_MS) {
      known = { at: now, status: door.node.status() }
    }
    return known.status
  }
  const page = async (call: OpenCall): Promise<string> => {
    call.reply.header('content-type', 'text/html; charset=utf-8')
    call.reply.header('content-security-policy', POLICY)
    call.reply.header('cache-control', 'no-store')
    return pageFrom(
      await statusNow(),
      door.options.siteUrl ?? `${call.request.protocol}://${call.request.host}`,
    )
  }
  const { web } = door.options
  return [
    openRoute('GET', '/about', page),
    ...(web === undefined ? [openRoute('GET', '/', page)] : webRoutes(web)),
  ]
}

interface Known {
  readonly at: number
  readonly status: Promise<NodeStatus>
}

/** The whole page. `address` is what people type into their app. */
export function pageFrom(status: NodeStatus, address: string): string {
  const linksUp = status.links.filter((link) => link.isUp).length
  const facts = [
    ['Node', `${status.node.name} (${status.node.role})`],
    ['Workspace', status.organisationName],
    ['Running since', `${TIME.format(status.startedAt)} UTC`],
    [
      'Links',
      status.links.length === 0 ? 'none set up' : `${linksUp} of ${status.links.length} up`,
    ],
    ...(status.clock.state === 'uncertain'
      ? [['Clock', 'uncertain; order is kept, shown times may be wrong']]
      : []),
    ['Version', status.version],
  ]
  const list = facts
    .map(([name = '', value = '']) => `<dt>${escaped(name)}</dt><dd>${escaped(value)}</dd>`)
    .join('')
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${escaped(status.node.name)}: Holdfast</title>
<style>${STYLE}</style>
</head>
<body>
<h1>Holdfast</h1>
<p>This node keeps a team talking when the link does not. It is running.</p>
<dl>${list}</dl>
<h2>Connect</h2>
<p>In a Mattermost app for phone or desktop, add a server with this address, then sign in with your name and password:</p>
<p><code>${escaped(address)}</code></p>
</body>
</html>
`
}

/** Text that is safe between tags and in attributes. */
export function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)
}
