// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

/// A promise that every transport makes, and the faults that put it to the test.
///
/// ``summary`` says what is promised; ``TransportConformance`` lists the rows that are covered elsewhere.
public enum ConformanceCase: String, Sendable, Hashable, CaseIterable, CustomStringConvertible {
  // MARK: Connecting

  /// A host that does not exist is `notSent`; the message names it and no credential.
  case unknownHost
  /// A port that nobody listens on is `notSent`.
  case closedPort
  /// A host that does not answer a connect is `notSent` when the connect timeout has passed.
  case unansweredConnect
  /// Of a host's addresses one is enough, be it the IPv4 or the IPv6 one.
  case oneDeadAddress
  /// A server that does not speak TLS is `insecure`, and nothing was sent.
  case plaintextOnTLSPort
  /// A server that hangs up in the TLS handshake is `insecure`, and nothing was sent.
  case handshakeCutOff
  /// A server that resets the connection in the TLS handshake got nothing of the request.
  case handshakeReset
  /// A TLS peer that says nothing is `notSent` when the connect timeout has passed.
  case muteTLSPeer
  /// A proxy that refuses a tunnel is `proxy`; it never sees the request's credentials.
  case proxyRefusal
  /// A request that cannot be sent as it is fails as `invalid`, and nothing is opened.
  case invalidRequests

  // MARK: Sending

  /// A body arrives byte for byte, framed by its length where that is known.
  case requestBodies
  /// Target and fields go out as they are, and nothing is added that asks the server for anything.
  case requestFields
  /// A kept connection that the server closed is replaced, and one request is seen.
  case staleConnection
  /// A POST that the server took before it closed a kept connection is seen exactly once.
  case postThenClose
  /// A POST that the server took before it reset a kept connection is seen exactly once.
  case postThenReset
  /// The same for a POST and a DELETE without a body, which libcurl repeats by itself.
  case bodylessPostThenClose
  /// A POST whose kept connection is reset at its head arrives whole or fails as `interrupted`.
  case resetAtHead
  /// A new connection that ends before any byte of a response is `interrupted`, and one request is seen.
  case deadFreshConnection
  /// An answer that comes while a long body is being sent is that answer, not a reset.
  case earlyRefusalOfUpload
  /// An answer that comes while the body's source rests is delivered at once, and the source is let go.
  case earlyRefusalOfRestingUpload
  /// A long body is sent at once, without waiting for `100 Continue`.
  case noExpectation
  /// A server that stops reading makes the body's source wait, and the idle timeout ends the call.
  case serverThatReadsNothing
  /// A long upload arrives whole, and memory does not grow with it.
  case largeUpload
  /// A body source's own error comes back as the cause, and the cut body never looks whole.
  case brokenSource
  /// A body of another length than it declared fails as `body`, and never looks whole.
  case sourceOfAnotherLength

  // MARK: Receiving

  /// Every status is a response with its fields and its body, a failure's too.
  case statuses
  /// The head is there before the body is, and the end of the body is told again to who asks again.
  case headBeforeBody
  /// A connection that closes inside the head of a response is `truncated`.
  case closeInsideHead
  /// A body shorter than its Content-Length is delivered as far as it came, then `truncated`.
  case cutBody
  /// A reset inside a body is `truncated`.
  case resetInsideBody
  /// A chunked body that is cut, between two chunks or inside one, is `truncated`.
  case cutChunks
  /// What is not HTTP/1.1 is `malformed`: garbage, illegal chunks, lengths that are none.
  case notHTTP
  /// A Content-Length as large as a number can be is no trap.
  case hugeLength
  /// Fields are read as they come: no blank after the colon, bytes that are not UTF-8.
  case lenientFields
  /// Different Content-Length fields are `malformed`; equal ones are one.
  case conflictingLengths
  /// Chunks win over a Content-Length.
  case lengthAndChunks
  /// A body without a length ends with its connection.
  case bodyUntilClose
  /// A body of single bytes arrives whole, and each byte keeps the idle timeout away.
  case drip
  /// A header line, or a row of interim responses, beyond all measure is `tooLarge`.
  case hugeHead
  /// A head of 100,000 fields is `tooLarge`.
  case manyFields
  /// Of several 103 and a 200 only the 200 is seen.
  case interimResponses
  /// Trailers never get among the header fields, and the connection goes on.
  case trailers
  /// 204, 304 and HEAD have no body whatever their fields say, and the next call is not disturbed.
  case statusesWithoutBody
  /// What comes on a kept connection after the end of a response is no answer to the next call.
  case lateBytes
  /// No encoding is asked for, and one that comes all the same is delivered as it is or refused as
  /// `malformed`; one that is cut never looks whole.
  case encodedBody
  /// Collecting stops at its limit with `tooLarge`, and the next call is not disturbed.
  case collectLimit
  /// A long body arrives whole in pieces of at most 1 MiB, and memory does not grow with it.
  case largeBody
  /// Repeated fields stay apart and in order; empty ones are kept.
  case repeatedFields
  /// A redirect is a response: no other host is called, and sees no credentials.
  case redirects

  // MARK: Time

  /// A server that never answers is `timedOut` within a second of the idle or the total timeout.
  case silentServer
  /// A body that stops coming is `timedOut` by the idle or the total timeout.
  case silenceInsideBody
  /// A head that drips in is ended by the total timeout.
  case slowHead
  /// Time in which the body's source rests does not count as idle.
  case restingSource
  /// Time in which the reader rests does not count as idle.
  case restingReader
  /// A call whose total timeout passes while it waits for its turn is `notSent`.
  case waitInLine
  /// Timeouts of nothing end a call, and endless ones do not; neither traps.
  case extremeTimeouts

  // MARK: The life of calls and transports

  /// A cancelled task sends nothing.
  case cancelBeforeSending
  /// A call that waits for its turn can be cancelled, and was not sent.
  case cancelWhileQueued
  /// A call in its TLS handshake can be cancelled, and was not sent.
  case cancelWhileConnecting
  /// A call that sends its body can be cancelled, and its source is let go.
  case cancelWhileSending
  /// A call that waits for an answer can be cancelled, and its connection closes.
  case cancelWhileAwaitingHead
  /// A body that is being read can be cancelled, stays so, and its connection closes.
  case cancelInsideBody
  /// A transfer that rests because nobody reads can be cancelled, and its connection closes.
  case cancelWhilePaused
  /// Cancelling a finished call changes nothing.
  case cancelAfterEnd
  /// Calls that are cancelled at random end once each, as answered or as `cancelled`.
  case cancelStorm
  /// Calls beyond the limit wait, first in, first out; all complete.
  case manyCalls
  /// A reader that rests makes the server wait: at most 2 MiB are held.
  case slowReader
  /// A body that is dropped ends its transfer, and the next call is not disturbed.
  case droppedBody
  /// Without a free descriptor a call is `notSent`, and works again when there is one.
  case noDescriptors
  /// With the last reference calls in flight fail as `shutDown`, and their connections close.
  case release
  /// A transport can be shut down unused and twice; later calls fail as `shutDown`, unsent.
  case shutdown
  /// A shutdown refuses new calls, and lets those finish that run or wait.
  case shutdownDrains
  /// A shutdown whose task is cancelled ends what runs and what waits as `shutDown`.
  case cancelledShutdown
  /// Transports come and go, with calls that succeed and fail, and leave nothing behind.
  case nothingGrows

  // MARK: What it says

  /// The rows of the fault table that the case covers.
  public var rows: [String] { definition.rows }
  /// What is promised.
  public var summary: String { definition.summary }
  /// How long the event that the case is about may take: ten times the promise.
  public var timeBound: Duration { definition.promise * 10 }
  /// What a transport must be able to do for the case to be run.
  public var requirements: TransportCapabilities { definition.requirements }
  /// The case's name.
  public var description: String { rawValue }
}

/// A case's words and its code.
struct CaseDefinition: Sendable {
  let rows: [String]
  let summary: String
  /// How long the event that the case is about may take.
  let promise: Duration
  let requirements: TransportCapabilities
  let body: @Sendable (Bench) async throws -> Void

  init(
    _ rows: [String], _ summary: String, promise: Duration = .seconds(1),
    needs requirements: TransportCapabilities = [],
    _ body: @escaping @Sendable (Bench) async throws -> Void
  ) {
    self.rows = rows
    self.summary = summary
    self.promise = promise
    self.requirements = requirements
    self.body = body
  }
}
