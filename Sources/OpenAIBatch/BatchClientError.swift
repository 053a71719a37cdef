// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

internal import OpenAIBatchMiddleware
public import OpenAIBatchModels
internal import OpenAIBatchTransport

#if canImport(FoundationEssentials)
public import FoundationEssentials
#else
public import Foundation
#endif

/// Why a call failed: what happened, whether it may be tried again, and what to quote to support.
public struct BatchClientError: Error, Sendable {
  /// The classes of failure. Open: later versions may add some.
  public struct Kind: Sendable, Hashable, CustomStringConvertible {
    /// The kind's name.
    public let description: String

    private init(_ name: String) { description = name }

    /// An argument was refused before anything was sent; the message names field, value and range.
    public static let invalidRequest = Kind("invalidRequest")
    /// The client is set up wrongly: key, base URL, certificate file. Nothing was sent.
    public static let invalidConfiguration = Kind("invalidConfiguration")
    /// A local file could not be read or written.
    public static let file = Kind("file")
    /// The server refused the request with a 4xx status that no other kind names.
    public static let rejected = Kind("rejected")
    /// 401 or 403: the key, the organization or the permission.
    public static let unauthorized = Kind("unauthorized")
    /// 404: no such batch or file, or a base URL that lacks its path.
    public static let notFound = Kind("notFound")
    /// 409: the batch's state does not allow it, such as cancelling one that has ended.
    public static let conflict = Kind("conflict")
    /// Rate limited (429) on every attempt; see ``BatchClientError/retryAfter``.
    public static let rateLimited = Kind("rateLimited")
    /// 429 because money is missing: a person must act.
    public static let billing = Kind("billing")
    /// A 5xx status, after all attempts.
    public static let serverError = Kind("serverError")
    /// A 3xx status: calls follow none; the message names the target host.
    public static let redirected = Kind("redirected")
    /// The server could not be reached, or the connection broke, after all attempts.
    public static let connection = Kind("connection")
    /// TLS could not be trusted or agreed on.
    public static let insecure = Kind("insecure")
    /// A timeout passed.
    public static let timedOut = Kind("timedOut")
    /// The response does not have the documented form.
    public static let malformedResponse = Kind("malformedResponse")
    /// Nobody knows whether the batch was created, and the list could not tell.
    ///
    /// ## Troubleshooting
    /// Call `createBatch` again with the same request and the key in ``BatchClientError/key``: it adopts the
    /// batch if there is one.
    public static let outcomeUnknown = Kind("outcomeUnknown")
    /// The batch has not ended, so it has no results yet.
    public static let notEnded = Kind("notEnded")
    /// The batch ended `failed`: nothing ran; the message lists its errors.
    public static let batchFailed = Kind("batchFailed")
    /// The batch ended without any result file.
    public static let noResults = Kind("noResults")
    /// Rows are not answered; thrown by an audit's `requireComplete()`.
    public static let incomplete = Kind("incomplete")
    /// A middleware or the credential's source failed; see ``BatchClientError/underlying``.
    public static let middleware = Kind("middleware")
    /// The task was cancelled.
    public static let cancelled = Kind("cancelled")
    /// The transport was shut down.
    public static let shutDown = Kind("shutDown")
  }

  /// The class of the failure.
  public var kind: Kind
  /// The operation that failed, such as `createBatch`.
  public var operation: String
  /// The HTTP status, where the server answered.
  public var status: Int?
  /// The service's id of the request: quote it to support.
  public var requestID: String?
  /// What happened, in words.
  public var message: String
  /// The service's own error, where it gave one.
  public var apiError: APIError?
  /// The batch's errors, for ``Kind/batchFailed``.
  public var batchErrors: [BatchError] = []
  /// The key of a create whose outcome is not known.
  public var key: BatchKey?
  /// How many attempts were made; 0 when nothing was sent.
  public var attempts: Int
  /// How long the server asked to wait, where it did.
  public var retryAfter: Duration?
  /// The cause.
  public var underlying: (any Error)?
  /// Whether the service may have done all the same what was asked.
  var isOutcomeUnknown = false

  /// Creates an error.
  public init(
    _ kind: Kind, operation: String, _ message: String, attempts: Int = 0, underlying: (any Error)? = nil
  ) {
    self.kind = kind
    self.operation = operation
    self.message = message
    self.attempts = attempts
    self.underlying = underlying
  }

  /// Whether the task was cancelled.
  public var isCancellation: Bool { kind == .cancelled }
}

extension BatchClientError: CustomStringConvertible {
  /// Operation, message, status, code, request id, attempts, wait and key: one line, but for the problems of an input,
  /// which have a line each.
  public var description: String {
    var text = "\(operation): \(message)"
    if let status { text += " (status \(status))" }
    if let code = apiError?.code { text += " [\(code)]" }
    if let requestID { text += " request id \(requestID)" }
    if attempts > 1 { text += " after \(attempts) attempts" }
    if let retryAfter { text += ", the server asks to wait \(retryAfter)" }
    if let key { text += "; key \(key)" }
    return text
  }
}

extension BatchClientError: LocalizedError {
  /// The same as ``description``: Foundation's own words for an error name its type and no more.
  public var errorDescription: String? { description }
}

extension BatchClientError {
  /// What a failed call means to the caller.
  init(_ failure: CallFailure, of request: TransportRequest, wallTime: Double, secrets: SentSecrets) {
    let operation = request.operation
    switch failure.reason {
    case .transport(let cause):
      self.init(cause, operation: operation, attempts: failure.attempts)
    case .status(let cause):
      self.init(cause, of: request, attempts: failure.attempts, wallTime: wallTime)
    case .configuration(let problem):
      self.init(.invalidConfiguration, operation: operation, problem)
    case .middleware(let cause):
      self.init(
        .middleware, operation: operation, secrets.redacting("A middleware failed: \(cause)"),
        attempts: failure.attempts, underlying: cause)
    }
    isOutcomeUnknown = failure.isOutcomeUnknown
    if failure.isRetryBudgetExhausted {
      message += " It was not tried again: too many calls fail, and the client's retry budget is used up."
    }
  }

  private init(_ failure: StatusFailure, of request: TransportRequest, attempts: Int, wallTime: Double) {
    let apiError = APIError(body: failure.body)
    let kind: Kind =
      switch failure.status {
      case 401, 403: .unauthorized
      case 404: .notFound
      case 409: .conflict
      case 429: failure.isBilling ? .billing : .rateLimited
      case 300..<400: .redirected
      case 500...: .serverError
      default: .rejected
      }
    var message = apiError?.message ?? "The server answered with status \(failure.status)."
    if kind == .redirected {
      let target = RedirectTarget(failure.location, from: request.head)?.address.authority
      message =
        "The server redirects to \(target ?? "an invalid address"); only file content is followed. "
        + "Is the base URL right?"
    }
    self.init(kind, operation: request.operation, message, attempts: attempts, underlying: failure)
    status = failure.status
    requestID = failure.requestID
    self.apiError = apiError
    retryAfter = failure.retryHint(at: wallTime)?.delay
  }

  init(_ failure: TransportFailure, operation: String, attempts: Int) {
    // What is wrong with a file says more than that the body failed.
    let message =
      switch failure.underlying as? FileFailure {
      case nil: failure.message
      case let cause? where failure.kind == .body: cause.description
      case let cause?: "\(failure.message) \(cause)"
      }
    self.init(
      Self.kind(of: failure), operation: operation, message, attempts: attempts, underlying: failure)
  }

  private static func kind(of failure: TransportFailure) -> Kind {
    // A response that waits on a disk that is full is no fault of the server's.
    if failure.underlying is FileFailure { return .file }
    return switch failure.kind {
    case .notSent, .interrupted, .truncated, .proxy: .connection
    case .timedOut: .timedOut
    case .insecure: .insecure
    case .tooLarge, .malformed: .malformedResponse
    case .invalid: .invalidConfiguration
    case .body: .file
    case .cancelled: .cancelled
    case .shutDown: .shutDown
    }
  }

  package init(_ parameter: InvalidParameter, operation: String) {
    self.init(.invalidRequest, operation: operation, parameter.description, underlying: parameter)
  }

  package init(_ failure: FileFailure, operation: String) {
    self.init(.file, operation: operation, failure.description, underlying: failure)
  }

  package static func cancelled(_ operation: String) -> BatchClientError {
    BatchClientError(.cancelled, operation: operation, "The task was cancelled.")
  }
}
