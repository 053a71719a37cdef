// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

#if AsyncHTTPClient
internal import NIOCore
internal import OpenAIBatchTransport

/// How far one call has come, and when it has taken too long.
///
/// A pure value: the time comes in.
struct CallClock {
  private enum Phase {
    /// Waits for its turn, or for its body's source to open.
    case waiting
    /// With AsyncHTTPClient, which has not sent the head yet.
    case connecting(since: NIODeadline)
    /// The head has gone out.
    case sent
  }

  private let start: NIODeadline
  private let connect: TimeAmount
  private let idle: TimeAmount
  private let total: TimeAmount?
  private var phase = Phase.waiting
  private var lastActivity: NIODeadline
  /// Whether the request's body is not there yet: our side rests, not the server's.
  private var isSourceResting = false

  init(_ timeouts: Timeouts, start: NIODeadline) {
    self.start = start
    connect = TimeAmount(bounding: timeouts.connect)
    idle = TimeAmount(bounding: timeouts.idle)
    total = timeouts.total.map { TimeAmount(bounding: $0) }
    lastActivity = start
  }

  /// Whether the server may have got something of the request.
  var hasSent: Bool { if case .sent = phase { true } else { false } }

  mutating func beginConnecting(at now: NIODeadline) {
    phase = .connecting(since: now)
  }

  mutating func noteHeadSent(at now: NIODeadline) {
    phase = .sent
    lastActivity = now
  }

  /// Bytes moved, in either direction, or a rest of ours has ended.
  mutating func noteActivity(at now: NIODeadline) {
    lastActivity = now
  }

  mutating func setSourceResting(_ isResting: Bool, at now: NIODeadline) {
    isSourceResting = isResting
    lastActivity = now
  }

  /// When ``failure(at:isReaderResting:isAnswered:authority:)`` must be asked next; `nil` for never.
  func nextDeadline(isReaderResting: Bool, isAnswered: Bool) -> NIODeadline? {
    limits(isReaderResting: isReaderResting, isAnswered: isAnswered).map(\.deadline).min()
  }

  /// Why the call must end now, if it must.
  func failure(
    at now: NIODeadline, isReaderResting: Bool, isAnswered: Bool, authority: String
  ) -> TransportFailure? {
    let passed = limits(isReaderResting: isReaderResting, isAnswered: isAnswered).filter {
      $0.deadline <= now
    }
    guard let limit = passed.min(by: { $0.deadline < $1.deadline }) else { return nil }
    switch phase {
    case .waiting:
      return TransportFailure(.notSent, "No connection to \(authority) was free in time.")
    case .connecting:
      return TransportFailure(.notSent, "Connecting to \(authority) took too long.")
    case .sent:
      return TransportFailure(.timedOut, "\(authority): \(limit.words)")
    }
  }

  private func limits(isReaderResting: Bool, isAnswered: Bool) -> [(deadline: NIODeadline, words: String)] {
    var limits: [(NIODeadline, String)] = []
    if let total { limits.append((start + total, "The exchange took longer than its total timeout.")) }
    switch phase {
    case .waiting: break
    case .connecting(let since): limits.append((since + connect, ""))
    case .sent:
      let isResting = isReaderResting || isSourceResting && !isAnswered
      if !isResting { limits.append((lastActivity + idle, "Nothing was heard for the idle timeout.")) }
    }
    return limits
  }
}

extension TimeAmount {
  /// The same within a century, so that adding it to a time cannot overflow.
  fileprivate init(bounding duration: Duration) {
    self = TimeAmount(min(max(duration, .zero), .seconds(3_155_760_000)))
  }
}
#endif
