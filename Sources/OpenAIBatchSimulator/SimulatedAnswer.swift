// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

/// How a row of a simulated batch ends.
///
/// ``BatchSimulator/Configuration/answer`` decides it for every row. A row can also steer its own outcome, which
/// comes first, by `"metadata": {"simulate": "…"}` in its body, or `"user": "simulate:…"` where the endpoint
/// has no metadata:
///
/// | directive | outcome |
/// |---|---|
/// | `text:WORDS` | ``text(_:)`` |
/// | `fail`, `fail:429`, `fail:429:rate_limit_exceeded` | ``failure(status:code:message:)`` |
/// | `expire` | ``expired`` |
/// | `timeout` | ``timedOut`` |
/// | `drop` | ``dropped`` |
/// | `duplicate` | ``duplicated`` |
public struct SimulatedAnswer: Sendable, Hashable {
  enum Kind: Sendable, Hashable {
    case echo
    case text(String)
    case body(String)
    case failure(status: Int, code: String?, message: String)
    case notRun(code: String, message: String)
    case dropped
    case duplicated
  }

  let kind: Kind

  /// Success: the request's own text comes back in the shape of its endpoint.
  public static let echo = SimulatedAnswer(kind: .echo)

  /// Success: this text comes back in the shape of the endpoint. The same as ``echo`` where an endpoint answers
  /// without text.
  public static func text(_ text: String) -> SimulatedAnswer { SimulatedAnswer(kind: .text(text)) }

  /// Success: this JSON text is the response's body, whatever the endpoint. A text that is not JSON fails the
  /// row with status 500.
  public static func body(_ json: String) -> SimulatedAnswer { SimulatedAnswer(kind: .body(json)) }

  /// The endpoint refuses the request: a line of the error file with this status and an error body.
  public static func failure(
    status: Int, code: String? = nil, message: String = "The simulator was told to fail this row."
  ) -> SimulatedAnswer {
    SimulatedAnswer(kind: .failure(status: status, code: code, message: message))
  }

  /// The row did not run before the window closed: `batch_expired` in the error file.
  public static let expired = notRun(
    "batch_expired", "This request could not be executed before the batch expired.")

  /// The row took too long: `request_timeout` in the error file.
  public static let timedOut = notRun("request_timeout", "This request timed out.")

  /// The row is lost: in neither result file, though counted as completed.
  public static let dropped = SimulatedAnswer(kind: .dropped)

  /// Success as for ``echo``, and the line is in the output file twice.
  public static let duplicated = SimulatedAnswer(kind: .duplicated)

  /// The row did not run because the batch was cancelled.
  static let cancelled = notRun(
    "batch_cancelled", "This request was not executed because the batch was cancelled.")

  private static func notRun(_ code: String, _ message: String) -> SimulatedAnswer {
    SimulatedAnswer(kind: .notRun(code: code, message: message))
  }

}

extension SimulatedAnswer {
  /// Reads a directive; `nil` for one that does not exist.
  init?(directive: String) {
    let words = directive.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false).map(
      String.init)
    switch (words[0], words.count) {
    case ("text", 2...): self = .text(words.dropFirst().joined(separator: ":"))
    case ("fail", 1): self = .failure(status: 500, code: "server_error")
    case ("fail", 2...):
      guard let status = Int(words[1]), (400...599).contains(status) else { return nil }
      self = .failure(status: status, code: words.count > 2 ? words[2] : nil)
    case ("expire", 1): self = .expired
    case ("timeout", 1): self = .timedOut
    case ("drop", 1): self = .dropped
    case ("duplicate", 1): self = .duplicated
    default: return nil
    }
  }
}
