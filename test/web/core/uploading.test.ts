import { test } from 'tap'
import type { Answer } from '#web/core/client.ts'
import {
  createUpload,
  FILE_GONE,
  isWhole,
  PART_BYTES,
  type WaitingFile,
} from '#web/core/uploading.ts'

const file: WaitingFile = {
  key: 'k',
  name: 'a',
  type: '',
  size: PART_BYTES + 1,
  place: 'none',
  uploadId: '',
  sent: 0,
  isThere: false,
}
const begun = { ...file, uploadId: 'u' }
const NONE: Answer = { kind: 'refused', status: 404, reason: 'none' }

/** A node that answers one after the other; what it was asked. */
function aNode(...answers: readonly Answer[]) {
  const asked: string[] = []
  const left = [...answers]
  const upload = createUpload(
    async (method, path, body) => {
      asked.push(`${method} ${path}${body instanceof Blob ? ` ${body.size}` : ''}`)
      return left.shift() ?? { kind: 'away' }
    },
    async (key) => (key === 'k' ? new Blob([Buffer.alloc(file.size)]) : undefined),
  )
  return { upload: (one: WaitingFile) => upload('town', one), asked }
}

test('parts go one by one, until the node answers with the file', async (t) => {
  const { upload, asked } = aNode(
    { kind: 'ok', value: { id: 'u' } },
    { kind: 'ok', value: '' },
    { kind: 'ok', value: { id: 'u' } },
  )
  let now = file
  while (!isWhole(now)) {
    const step = await upload(now)
    if (step.kind !== 'going') throw new Error(step.kind)
    now = step.file
  }

  t.strictSame(asked, [
    'POST /api/v4/uploads',
    `POST /api/v4/uploads/u ${PART_BYTES}`,
    'POST /api/v4/uploads/u 1',
  ])
  t.equal(now.sent, file.size)
})

test('after a break the node is asked how much it has', async (t) => {
  const going = (change: object) => ({ kind: 'going', file: { ...begun, ...change } })
  const has = aNode({ kind: 'ok', value: { id: 'u', file_offset: 7 } })
  t.strictSame(await has.upload(begun), going({ sent: 7 }))
  const hasAll = aNode(NONE, { kind: 'ok', value: { id: 'u' } })
  t.strictSame(await hasAll.upload(begun), going({ sent: file.size, isThere: true }))
  const hasNothing = aNode(NONE, NONE)
  t.strictSame(await hasNothing.upload(begun), going({ uploadId: '' }), 'it begins anew')
  t.strictSame(await aNode().upload(begun), { kind: 'later' })
})

test('what the node does not take is refused; what is not on the device cannot go', async (t) => {
  const { upload } = aNode({ kind: 'refused', status: 413, reason: 'too large' })

  t.strictSame(await upload(file), { kind: 'refused', reason: 'too large' })
  t.strictSame(await upload({ ...file, key: 'gone' }), {
    kind: 'refused',
    reason: FILE_GONE,
  })
})
