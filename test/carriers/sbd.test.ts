import { carrierContract } from '../contracts/carrier.ts'
import { openSbdPair } from '../support/sbd-pair.ts'

carrierContract('sbd, from a kit to headquarters', () => openSbdPair('kit'))
