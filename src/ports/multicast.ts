/** Short packets to everybody on one network, as machines find each other by them: without a server, without a reply owed. */

/** Where a packet came from. */
export interface Sender {
  readonly address: string
  readonly port: number
}

/** A network that this machine is on, by one of its interfaces. */
export interface Network {
  /** Name of the interface. */
  readonly name: string
  /** This machine's address there, IPv4. */
  readonly address: string
  /** And of IPv6, where it has one. */
  readonly address6?: string | undefined
}

/** One network that packets are sent on and heard from. */
export interface Multicast extends Network, AsyncDisposable {
  /** To everybody, or to one. Whether it arrived nobody knows: what matters is said again. Never throws. */
  readonly send: (packet: Uint8Array, to?: Sender) => void
}

/** How a machine takes part in its networks. */
export interface Networks {
  /** The port that all who take part send from; whoever asks from another wants an answer for itself. */
  readonly port: number
  /** Those it is on now. */
  readonly present: () => readonly Network[]
  /**
   * Begins to hear what others on the very same network say to everybody; what came through a router is left out.
   * Throws whatever the system says when it cannot.
   */
  readonly open: (
    network: Network,
    hear: (packet: Uint8Array, from: Sender) => void,
  ) => Promise<Multicast>
}
