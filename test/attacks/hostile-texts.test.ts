/**
 * Whatever somebody types, wherever it may be typed: it comes out as it went in, in every answer and event that shows it, or it is
 * refused in Mattermost's own shape of an error, for a reason that is told beforehand.
 */
import { test } from 'tap'
import { PLACES } from '../support/hostile-places.ts'
import { aHostileScene, Refused, type HostileScene, type Place } from '../support/hostile-scene.ts'
import { HOSTILE_TEXTS } from '../support/hostile-texts.ts'

/** All places in one go take a while on a machine that has other things to do. */
const LONG = { timeout: 180_000 }

test('what comes out is what went in, or it is refused as was said', LONG, async (t) => {
  const scene = await aHostileScene(t)
  for (const [name, place] of Object.entries(PLACES))
    await t.test(name, LONG, async (sub) => {
      sub.strictSame(await wrongAt(scene, place), [])
    })
  t.strictSame(scene.door.log.named('request.failed'), [])
})

/** What was taken that should not be, refused that should be taken, or came out otherwise. */
async function wrongAt(
  scene: HostileScene,
  { put, refuses = () => false }: Place,
): Promise<readonly string[]> {
  const wrong: string[] = []
  for (const text of HOSTILE_TEXTS) {
    const told = JSON.stringify(text).slice(0, 60)
    try {
      const shown = await put(scene, text)
      const other = shown.filter((one) => one !== text)
      if (refuses(text)) wrong.push(`${told} was taken`)
      if (shown.length === 0 || other.length > 0)
        wrong.push(`${told} came out as ${JSON.stringify(other)}`)
    } catch (error) {
      if (!(error instanceof Refused)) throw error
      const { status, json } = error.answer
      if (!refuses(text) || !isMattermostsError(status, json))
        wrong.push(`${told} was refused: ${error.message}`)
    }
  }
  return wrong
}

function isMattermostsError(status: number, json: unknown): boolean {
  const error = Object(json) as Readonly<Record<string, unknown>>
  const fields = ['id', 'message', 'detailed_error', 'request_id']
  const isWhole = fields.every((field) => typeof error[field] === 'string')
  return isWhole && error['status_code'] === status && error['message'] !== '' && status < 500
}
