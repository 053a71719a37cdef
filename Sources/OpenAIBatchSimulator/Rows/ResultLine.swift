// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

/// A line of an output or error file.
struct ResultLine {
  let id: String
  let customID: String
  let requestID: String

  init(customID: String, using generator: inout SeededGenerator) {
    id = "batch_req_\(generator.hexadecimalID())"
    requestID = generator.hexadecimalID()
    self.customID = customID
  }

  /// The endpoint answered.
  func answered(status: Int, body: JSONNode) -> [UInt8] {
    line(
      response: ["status_code": .int(status), "request_id": .string(requestID), "body": body], error: .null)
  }

  /// The row did not run.
  func notRun(code: String, message: String) -> [UInt8] {
    line(response: .null, error: ["code": .string(code), "message": .string(message)])
  }

  private func line(response: JSONNode, error: JSONNode) -> [UInt8] {
    let node: JSONNode = [
      "id": .string(id), "custom_id": .string(customID), "response": response, "error": error,
    ]
    var bytes: [UInt8] = []
    node.write(to: &bytes)
    bytes.append(0x0A)
    return bytes
  }
}
