// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

public import OpenAIBatchMiddleware
public import OpenAIBatchTransport

/// What one call does differently from the client's configuration.
public struct CallOptions: Sendable {
  /// The longest time for the whole call, with its retries and waits, but not for the reading of a streamed
  /// body; `nil` for none beyond the timeouts of each attempt.
  public var timeout: Duration?
  /// Header fields to add. The credential and the framing of the request cannot be replaced.
  public var headers: HTTPFields
  /// Query items to add, in order.
  public var queryItems: [(name: String, value: String)]
  /// Members to add to the JSON body of a create, for providers that know more than OpenAI. One that the request
  /// has already is an error.
  public var jsonFields: [String: any Encodable & Sendable]
  /// Fields to add to the form of an upload, in order; of one in parts, to that of each part.
  public var formFields: [(name: String, value: String)]
  /// The retry policy, in place of the client's; `nil` for the client's. For no retries write `RetryPolicy.none` in full:
  /// here a bare `.none` is Swift's `nil`, as the compiler warns.
  public var retry: RetryPolicy?

  /// Creates options; by default nothing differs.
  public init(
    timeout: Duration? = nil, headers: HTTPFields = [:], queryItems: [(name: String, value: String)] = [],
    jsonFields: [String: any Encodable & Sendable] = [:], formFields: [(name: String, value: String)] = [],
    retry: RetryPolicy? = nil
  ) {
    self.timeout = timeout
    self.headers = headers
    self.queryItems = queryItems
    self.jsonFields = jsonFields
    self.formFields = formFields
    self.retry = retry
  }
}

extension CallOptions: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
  /// What is set; of fields and query items only the names, because values can be secrets.
  public var description: String {
    let parts = [
      timeout.map { "timeout: \($0)" },
      headers.isEmpty ? nil : "headers: \(headers.map(\.name.rawName))",
      queryItems.isEmpty ? nil : "queryItems: \(queryItems.map(\.name))",
      jsonFields.isEmpty ? nil : "jsonFields: \(jsonFields.keys.sorted())",
      formFields.isEmpty ? nil : "formFields: \(formFields.map(\.name))",
      retry.map { "retry: \($0)" },
    ]
    return "CallOptions(\(parts.compactMap(\.self).joined(separator: ", ")))"
  }

  /// The same as ``description``.
  public var debugDescription: String { description }

  /// Shows nothing that could be a secret.
  public var customMirror: Mirror { Mirror(self, children: ["options": description], displayStyle: .struct) }
}
