/** A post office for one measurement, at the address given: says on one line how its nodes come in, and ends with its input. */
import { once } from 'node:events'
import { openSite } from '../../test/support/nats-site.ts'
import { MEMBERS, sidesOf } from './nats.ts'

const [, , host] = process.argv
await using site = await openSite(MEMBERS, host)
console.log(JSON.stringify(await sidesOf(site)))
process.stdin.resume()
await once(process.stdin, 'end')
