// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

internal import HTTPTypes

extension HTTPField.Name {
  static let xRequestID = constant("x-request-id")
  static let openAIProcessingTime = constant("openai-processing-ms")
  static let openAIVersion = constant("openai-version")

  /// A name that is known to be one; the fallback is never taken.
  private static func constant(_ name: String) -> HTTPField.Name { HTTPField.Name(name) ?? .server }
}
