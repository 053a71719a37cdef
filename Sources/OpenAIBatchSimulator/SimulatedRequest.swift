// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

public import OpenAIBatchJSON
public import OpenAIBatchModels

/// One row of a batch, as the simulator is about to run it.
public struct SimulatedRequest: Sendable {
  /// The row's `custom_id`.
  public let customID: String
  /// The batch's endpoint.
  public let endpoint: BatchEndpoint
  /// The row's line in the input file, counted from 1.
  public let line: Int
  /// The row's `body`.
  public let body: JSONValue

  /// Creates a row, to try an ``BatchSimulator/Configuration/answer`` by itself.
  ///
  /// - Parameters:
  ///   - customID: The row's `custom_id`.
  ///   - endpoint: The batch's endpoint.
  ///   - line: The row's line, counted from 1.
  ///   - body: The row's `body`.
  public init(customID: String, endpoint: BatchEndpoint, line: Int, body: JSONValue) {
    self.customID = customID
    self.endpoint = endpoint
    self.line = line
    self.body = body
  }
}
