// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

/// Why a row has no answer.
public struct RowFailure: Error, Sendable, Hashable {
  /// The class of the failure. A code that the service invents later is kept as it came.
  public struct Kind: OpenEnum {
    /// The name of the kind.
    public let rawValue: String
    /// Creates the kind called `rawValue`.
    public init(rawValue: String) { self.rawValue = rawValue }

    /// The endpoint answered with a status of 400 or more; see ``RowFailure/apiError``.
    public static let rejected = Kind(rawValue: "rejected")
    /// The window ended before the row was run.
    public static let expired = Kind(rawValue: "expired")
    /// The batch was cancelled before the row was run.
    public static let cancelled = Kind(rawValue: "cancelled")
    /// The row's request took too long.
    public static let timedOut = Kind(rawValue: "timed_out")
    /// The row came back in neither file.
    public static let missing = Kind(rawValue: "missing")
    /// The result line cannot be read, or tells neither an answer nor the name of an error; see
    /// ``RowFailure/raw``.
    public static let invalid = Kind(rawValue: "invalid")
    /// The answer is there and does not fit the type asked for; see ``RowFailure/raw``.
    public static let undecodable = Kind(rawValue: "undecodable")
  }

  /// The class of the failure.
  public let kind: Kind
  /// The failure in words.
  public let message: String
  /// The endpoint's status, where it answered.
  public let statusCode: Int?
  /// The endpoint's own error, where it gave one.
  public let apiError: APIError?
  /// The code of a row that was not run, such as `batch_expired`, or of the endpoint's error.
  public let code: ErrorCode?
  /// The result line (for ``Kind/undecodable``: the answer's body) as it came; empty when nothing came.
  public let raw: [UInt8]

  /// Creates a failure.
  public init(
    _ kind: Kind, _ message: String, statusCode: Int? = nil, apiError: APIError? = nil,
    code: ErrorCode? = nil, raw: [UInt8] = []
  ) {
    self.kind = kind
    self.message = message
    self.statusCode = statusCode
    self.apiError = apiError
    self.code = code ?? apiError?.code
    self.raw = raw
  }

  /// Whether sending the row again can help: rows that were not run, got lost or came back unreadable, answers of the
  /// kind 408, 409, 429 (unless money is missing) and 5xx, and codes of overload.
  public var isRetryable: Bool {
    switch kind {
    case .expired, .cancelled, .timedOut, .missing, .invalid: return true
    case .rejected:
      guard let statusCode, code?.isBilling != true, apiError?.isBilling != true else { return false }
      return [408, 409, 429].contains(statusCode) || statusCode >= 500
    default: return code == .rateLimitExceeded || code == .slowDown
    }
  }
}

extension RowFailure: CustomStringConvertible {
  /// Kind, status and message.
  public var description: String {
    [kind.rawValue, statusCode.map { "status \($0)" }, message].compactMap(\.self).joined(separator: ": ")
  }
}

extension RowFailure.Kind {
  /// What the client finds, and no service says. Lines that say `missing` are the client's own.
  fileprivate static let found: Set<RowFailure.Kind> = [.rejected, .invalid, .undecodable]
}

extension RowFailure {
  /// The failure of a row whose line has an `error` in place of a response.
  init(notRun error: APIError, statusCode: Int?, raw: [UInt8]) {
    let kind: Kind =
      switch error.code {
      case .batchExpired: .expired
      case .batchCancelled, "batch_canceled": .cancelled
      case .requestTimeout: .timedOut
      // What the client itself finds must not look as if it had.
      case .some(let code) where Kind.found.contains(Kind(code.rawValue)): Kind("error_\(code.rawValue)")
      case .some(let code): Kind(code.rawValue)
      case .none: .invalid
      }
    self.init(kind, error.message, statusCode: statusCode, apiError: error, raw: raw)
  }
}
