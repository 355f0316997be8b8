/** The page of a locked node: a name, a field, a button. No script, nothing from elsewhere. */
import { createHash } from 'node:crypto'

const STYLE = `
:root { color-scheme: light dark; font: 1rem/1.5 system-ui, sans-serif }
body { max-width: 24rem; margin: 4rem auto; padding: 0 1rem }
label, input, button { display: block; width: 100%; box-sizing: border-box; font: inherit }
input, button { margin: .25rem 0 1rem; padding: .5rem }
`
const STYLE_HASH = createHash('sha256').update(STYLE).digest('base64')

/** Sent with the page: only its own style, and a form that goes to this node. */
export const LOCKED_POLICY = `default-src 'none'; style-src 'sha256-${STYLE_HASH}'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'`

/** What is said where a hub may open the node at any moment. */
export const WAITS =
  'It waits for headquarters to release it, and opens by itself then. A passphrase opens it, too, if it has one.'

/** The whole page; `word` is what is to be said about the last attempt, or about what it waits for. */
export function lockedPage(name: string, word: string): string {
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${escaped(name)} is locked</title>
<style>${STYLE}</style>
<h1>${escaped(name)} is locked</h1>
<p>${escaped(word)}</p>
<form method="post" action="/api/holdfast/v1/unlock">
<label>Passphrase <input name="passphrase" type="password" autocomplete="off" required autofocus></label>
<button>Unlock</button>
</form>
</html>
`
}

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)
}
