# frozen_string_literal: true

# The body of a server-sent events answer: `count` numbered events, `interval`
# seconds apart. Each is on its way before the next is made, which is what a
# front that collects answers before passing them on would spoil.
class EventStream
  def initialize(count, interval)
    @count = count
    @interval = interval
  end

  def each
    (1..@count).each do |number|
      sleep @interval if number > 1
      yield "id: #{number}\nevent: tick\ndata: #{number} of #{@count}\n\n"
    end
  end
end
