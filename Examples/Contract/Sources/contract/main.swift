// SPDX-License-Identifier: Apache-2.0
// Copyright the swift-openai-batch authors

// The spellings that users rely on, compiled as a user's package does and run on the simulator.

import Foundation
import OpenAIBatch
import OpenAIBatchSimulator

let folder = NSTemporaryDirectory() + "contract-\(ProcessInfo.processInfo.processIdentifier)"
try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: false)
defer { try? FileManager.default.removeItem(atPath: folder) }

let client = BatchClient(apiKey: "sk-any", transport: BatchSimulator().transport)
let tickets = (1...3).map { Ticket(id: "ticket-\($0)", text: "Which team is number \($0) for?") }

let input = "\(folder)/requests.jsonl"
let lines = try tickets.map {
  try BatchRequest(customID: $0.id, endpoint: .chatCompletions, body: Prompt($0)).line()
}
try Data(lines.joined(separator: [0x0A])).write(to: URL(fileURLWithPath: input))

let uploaded = try await rows(client, tickets)
try await files(client, in: folder)
let cancelled = try await operations(client, on: uploaded)
try await client.waitUntilEnded(cancelled.id, polling: .every(.milliseconds(20)))
let refused = await explain(client, "batch_none")

let request = CreateBatchRequest(inputFileID: uploaded.id, endpoint: .chatCompletions)
let batch = try await keys(client, request)
let again = try await client.createBatch(request, key: "my-key")
let audit = try await results(client, of: batch, input: input)
let listed = try await walk(client)

guard refused == .notFound, again.id == batch.id, audit.isComplete, listed == 4 else {
  print(
    "contract: expected notFound, one batch for one key, every row answered and 4 batches, got",
    refused ?? "no error", again.id, batch.id, audit, listed)
  exit(1)
}
print("contract: every statement compiled and ran")
