"""What a page of widgets needs: who looks, the keyboard, private text, a clock, plotly.js."""
