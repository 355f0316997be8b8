/** The measures of a node: what an operator's monitoring sees. */
import { test } from 'tap'
import type { Metric } from '#app/gap-types.ts'
import { must } from '#base/assert.ts'
import { twoNodes } from '../support/app.ts'
import { anAdministrator, aPerson, until } from '../support/nodes.ts'

test('the measures tell of gaps while there are some, and of none afterwards', async (t) => {
  const { alpha, bravo, meet } = await twoNodes(t)
  const amira = await anAdministrator(alpha, 'amira')
  const square = must((await alpha.channelsOf(amira.id))[0], 'the first channel')
  await alpha.post(amira.id, { channel: square.id, body: 'fire', lane: 'flash' })
  const value = async (name: string, labels: Metric['samples'][number]['labels'] = {}) => {
    const metric = (await alpha.metrics(amira.id)).find((one) => one.name === name)
    const isMeant = (had: typeof labels): boolean =>
      Object.entries(labels).every(([label, text]) => had[label] === text)
    return metric?.samples.find((sample) => isMeant(sample.labels))?.value
  }

  t.equal(await value('holdfast_info', { node: 'alpha', role: 'hub' }), 1)
  t.ok(((await value('holdfast_lacked_changes', { node: 'bravo', lane: 'flash' })) ?? 0) >= 1)
  t.equal(await value('holdfast_lacked_age_seconds', { node: 'bravo', lane: 'flash' }), 0)
  t.equal(await value('holdfast_overdue_messages', { lane: 'flash' }), 0)
  t.equal(await value('holdfast_disk_full'), 0)
  t.equal(await value('holdfast_gaps_complete'), 1)
  t.equal(await value('holdfast_kept_envelopes', { missing: 'a key' }), 0)

  meet()
  await until(
    [alpha, bravo],
    async () => (await value('holdfast_lacked_changes', { node: 'bravo' })) === undefined,
  )
  t.equal(await value('holdfast_link_up', { peer: 'bravo' }), 1)
  t.ok(((await value('holdfast_parcels_total', { peer: 'bravo', lane: 'flash' })) ?? 0) > 0)
  t.ok(((await value('holdfast_link_sent_bytes_total', { peer: 'bravo' })) ?? 0) > 0)
})

test('every measure has one name, and each of its samples other labels', async (t) => {
  const { alpha } = await twoNodes(t)
  const amira = await anAdministrator(alpha, 'amira')

  const metrics = await alpha.metrics(amira.id)

  t.equal(new Set(metrics.map(({ name }) => name)).size, metrics.length)
  for (const { name, type, samples } of metrics) {
    t.match(name, /^holdfast_[a-z_]+$/)
    t.equal(name.endsWith('_total'), type === 'counter', name)
    const labels = samples.map((sample) => JSON.stringify(sample.labels))
    t.equal(new Set(labels).size, labels.length, name)
  }
})

test('only administrators get them', async (t) => {
  const { alpha } = await twoNodes(t)
  const amira = await anAdministrator(alpha, 'amira')
  const bo = await alpha.enrolPerson(amira.id, aPerson('bo'))

  await t.rejects(alpha.metrics(bo.id), { code: 'NOT_ALLOWED' })
})
