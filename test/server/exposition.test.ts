import { test } from 'tap'
import { expositionOf } from '#server/exposition.ts'

test('measures become lines that Prometheus reads', async (t) => {
  const text = await expositionOf([
    {
      name: 'holdfast_link_up',
      help: 'Whether\nit is \\ up.',
      type: 'gauge',
      samples: [
        { labels: { carrier: 'lan', peer: 'bravo "two"\\\n' }, value: 1 },
        { labels: {}, value: 0.5 },
      ],
    },
    { name: 'holdfast_parcels_total', help: 'Parcels.', type: 'counter', samples: [] },
    {
      name: 'holdfast_sent_bytes_total',
      help: 'Bytes.',
      type: 'counter',
      samples: [{ labels: {}, value: 7 }],
    },
  ])

  t.equal(
    text,
    [
      '# HELP holdfast_link_up Whether\\nit is \\\\ up.',
      '# TYPE holdfast_link_up gauge',
      'holdfast_link_up{carrier="lan",peer="bravo \\"two\\"\\\\\\n"} 1',
      'holdfast_link_up 0.5',
      '',
      '# HELP holdfast_sent_bytes_total Bytes.',
      '# TYPE holdfast_sent_bytes_total counter',
      'holdfast_sent_bytes_total 7',
      '',
    ].join('\n'),
  )
})
