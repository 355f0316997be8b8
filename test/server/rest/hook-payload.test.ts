/** What programs post, in the shapes of Mattermost and Slack. */
import { test } from 'tap'
import { FORM_TYPE, readPayload } from '#server/rest/hook-payload.ts'

const JSON_TYPE = 'application/json'

test('a form’s payload, JSON under a form’s type and JSON are the same', async (t) => {
  const json = JSON.stringify({ text: 'on & off 100% +1' })
  const form = `payload=${encodeURIComponent(json)}`

  t.equal(readPayload(form, FORM_TYPE).text, 'on & off 100% +1')
  t.equal(readPayload(json, `${FORM_TYPE}; charset=utf-8`).text, 'on & off 100% +1')
  t.equal(readPayload(JSON.parse(json), JSON_TYPE).text, 'on & off 100% +1')
})

test('Slack’s links and calls become Markdown, and nothing else changes', async (t) => {
  t.equal(textOf('see <https://a.example/x|the page>'), 'see [the page](https://a.example/x)')
  t.equal(textOf('<https://a.example/x>'), 'https://a.example/x')
  t.equal(textOf('<!channel> and <!here>, <!everyone>'), '@channel and @here, @all')
  t.equal(textOf('1 < 2 > 0 <b>bold</b> <script>'), '1 < 2 > 0 <b>bold</b> <script>')
})

test('attachments keep what they have; values of fields become text', async (t) => {
  const { attachments } = readPayload(
    {
      attachments: [
        {
          color: 'danger',
          title: 'Down',
          fields: [{ title: 'n', value: 7, short: 'true' }, 'odd'],
        },
        null,
      ],
    },
    JSON_TYPE,
  )

  t.strictSame(attachments, [
    { color: 'danger', title: 'Down', fields: [{ title: 'n', value: '7', short: true }] },
  ])
})

test('blocks are read where there is no text', async (t) => {
  const blocks = [
    { type: 'header', text: { type: 'plain_text', text: 'Node away' } },
    { type: 'divider' },
    { type: 'section', text: { type: 'mrkdwn', text: '*bravo* is <https://a.example|silent>' } },
    { type: 'section', fields: [{ type: 'mrkdwn', text: 'since 09:12' }] },
    { type: 'image' },
    7,
  ]

  t.equal(
    readPayload({ blocks }, JSON_TYPE).text,
    '#### Node away\n---\n**bravo** is [silent](https://a.example)\nsince 09:12',
  )
  t.equal(readPayload({ text: 'said', blocks }, JSON_TYPE).text, 'said')
})

test('what says nothing, or is nothing, is refused by name', async (t) => {
  for (const body of [{}, { text: ' ' }, { attachments: [] }, 'text', 7, null, []])
    t.throws(() => readPayload(body, JSON_TYPE), { code: 'INPUT_INVALID' })
  t.throws(() => readPayload('payload=', FORM_TYPE), { code: 'INPUT_INVALID' })
  t.throws(() => readPayload('payload=%7Bnot', FORM_TYPE), { code: 'INPUT_INVALID' })
})

function textOf(text: string): string {
  return readPayload({ text }, JSON_TYPE).text
}

test('a long text of marks that never end is read at once', async (t) => {
  for (const mark of ['<http:', '<https://a|', '<!here|', '<mailto:a|b', '<', ' *a', '(*']) {
    const text = mark.repeat(900_000 / mark.length)
    t.equal(readPayload({ text }, 'application/json').text, text)
  }
})
