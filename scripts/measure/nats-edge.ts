/** A kit for one measurement: goes through all phases and says on one line what its end of the cable has counted. */
import { readFileSync } from 'node:fs'
import { measurePhases, type Sides } from './nats-phases.ts'

/** Before each packet. */
const ETHERNET_BYTES = 14

const [, , cable = '', sides = ''] = process.argv
const phases = await measurePhases(JSON.parse(sides) as Sides, ipBytes)
console.log(JSON.stringify(phases))
process.exit(0)

function ipBytes(): number {
  const [bytes = 0, packets = 0] = ['bytes', 'packets'].map(
    (what) => count('rx', what) + count('tx', what),
  )
  return bytes - ETHERNET_BYTES * packets
}

function count(way: string, what: string): number {
  return Number(readFileSync(`/sys/class/net/${cable}/statistics/${way}_${what}`, 'utf8'))
}
